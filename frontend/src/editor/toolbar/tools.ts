/** The buttons that the toolbar and the bubble over a selection share. */
import type { ChainedCommands, Editor } from '@tiptap/core'
import { yUndoPluginKey } from '@tiptap/y-tiptap'
import {
  Baseline,
  Bold,
  Code,
  type IconNode,
  Italic,
  Link,
  List,
  ListOrdered,
  ListTodo,
  Redo2,
  Strikethrough,
  Underline,
  Undo2,
} from 'lucide'
import { h, icon } from '../../dom'
import { type Key, t } from '../../strings'
import { keysFor } from '../keys'
import { whenAskedFor } from '../parts'

export interface Tool {
  key: Key
  icon: IconNode
  /** As in Tiptap's keymaps; shown in the title. */
  shortcut?: string
  /** Whether it is switched on where the selection is; a tool without it is no switch. */
  active?(editor: Editor): boolean
  able(editor: Editor): boolean
  /** `anchor` is what a popover opens at. */
  press(editor: Editor, anchor: HTMLElement): void
}

/** A tool that runs commands; it is able when they would do something. */
export function commandTool(
  key: Key,
  image: IconNode,
  run: (chain: ChainedCommands) => ChainedCommands,
  { shortcut, node }: { shortcut?: string; node?: string } = {},
): Tool {
  return {
    key,
    icon: image,
    ...(shortcut === undefined ? {} : { shortcut }),
    ...(node === undefined ? {} : { active: (editor: Editor) => editor.isActive(node) }),
    able: (editor) => run(editor.can().chain()).run(),
    press: (editor) => run(editor.chain().focus()).run(),
  }
}

export const MARKS: Tool[] = [
  commandTool('tool.bold', Bold, (c) => c.toggleBold(), { shortcut: 'Mod-B', node: 'bold' }),
  commandTool('tool.italic', Italic, (c) => c.toggleItalic(), { shortcut: 'Mod-I', node: 'italic' }),
  commandTool('tool.underline', Underline, (c) => c.toggleUnderline(), { shortcut: 'Mod-U', node: 'underline' }),
  commandTool('tool.strike', Strikethrough, (c) => c.toggleStrike(), { shortcut: 'Mod-Shift-S', node: 'strike' }),
  commandTool('tool.code', Code, (c) => c.toggleCode(), { shortcut: 'Mod-E', node: 'code' }),
]

export const LINK: Tool = {
  key: 'tool.link',
  icon: Link,
  shortcut: 'Mod-K',
  active: (editor) => editor.isActive('link'),
  able: (editor) => editor.can().setMark('link'),
  press: (editor) => whenAskedFor(import('../link-card'), ({ editLink }) => editLink(editor)),
}

export const COLORS: Tool = {
  key: 'tool.colors',
  icon: Baseline,
  active: (editor) => editor.isActive('textColor') || editor.isActive('highlight'),
  able: (editor) => editor.can().setMark('textColor'),
  press: (editor, anchor) => whenAskedFor(import('./palette'), ({ openPalette }) => openPalette(editor, anchor)),
}

export const LISTS: Tool[] = [
  commandTool('tool.bulletList', List, (c) => c.toggleBulletList(), { shortcut: 'Mod-Shift-8', node: 'bulletList' }),
  commandTool('tool.orderedList', ListOrdered, (c) => c.toggleOrderedList(), {
    shortcut: 'Mod-Shift-7',
    node: 'orderedList',
  }),
  commandTool('tool.taskList', ListTodo, (c) => c.toggleTaskList(), { shortcut: 'Mod-Shift-9', node: 'taskList' }),
]

/** Undo and redo look at the stacks themselves: they are asked at every keystroke. */
export const HISTORY: Tool[] = [
  {
    ...commandTool('tool.undo', Undo2, (c) => c.undo(), { shortcut: 'Mod-Z' }),
    able: (editor) => stack(editor, 'undoStack'),
  },
  {
    ...commandTool('tool.redo', Redo2, (c) => c.redo(), { shortcut: 'Mod-Shift-Z' }),
    able: (editor) => stack(editor, 'redoStack'),
  },
]

function stack({ isEditable, state }: Editor, which: 'undoStack' | 'redoStack'): boolean {
  return isEditable && (yUndoPluginKey.getState(state)?.undoManager?.[which].length ?? 0) > 0
}

export const titleOf = ({ key, shortcut }: Pick<Tool, 'key' | 'shortcut'>): string =>
  shortcut === undefined ? t(key) : `${t(key)} (${keysFor(shortcut)})`

/** A button for `tool`; the text keeps its focus and selection when it is pressed with the mouse. */
export function toolButton(editor: Editor, tool: Tool): HTMLButtonElement {
  const button = bareButton(t(tool.key), titleOf(tool), icon(tool.icon))
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-disabled') !== 'true') tool.press(editor, button)
  })
  if (tool.active !== undefined) button.setAttribute('aria-pressed', 'false')
  return button
}

export function bareButton(name: string, title: string, ...children: (Node | string)[]): HTMLButtonElement {
  return h(
    'button',
    { type: 'button', class: 'tool', title, 'aria-label': name, onmousedown: (event) => event.preventDefault() },
    ...children,
  )
}

/** Shows on the buttons what is so where the selection is. */
export function showTools(editor: Editor, buttons: Map<HTMLButtonElement, Tool>): void {
  for (const [button, tool] of buttons) {
    if (tool.active !== undefined) set(button, 'aria-pressed', String(tool.active(editor)))
    set(button, 'aria-disabled', String(!tool.able(editor)))
  }
}

/** Writing an attribute costs a style recalculation even when it says the same. */
export function set(element: HTMLElement, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}
