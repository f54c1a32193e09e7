/** What the menu of a block offers. */
import type { Editor } from '@tiptap/core'
import { NodeSelection, Selection } from '@tiptap/pm/state'
import { ArrowDown, ArrowUp, ClipboardCopy, Copy, Trash2 } from 'lucide'
import { copyText, icon } from '../../dom'
import type { MenuEntry } from '../../menu'
import type { Page } from '../../page'
import { t } from '../../strings'
import { blockChoices, blockAt as kindAt } from '../blocks-menu'
import { keysFor } from '../keys'
import { ownStep } from '../sync'
import { deleteBlock, duplicateBlock, moveBlock } from './commands'

export const KEYS = {
  up: 'Alt-Shift-ArrowUp',
  down: 'Alt-Shift-ArrowDown',
  duplicate: 'Mod-Shift-D',
  menu: 'Mod-Shift-M',
} as const

/** `at` is asked when something is chosen: the block may have moved while the menu was open. */
export function blockEntries(editor: Editor, page: Page, at: () => number | null): MenuEntry[] {
  const pos = at()
  if (pos === null) return []
  const run = (command: (at: number) => ReturnType<typeof deleteBlock>) => () => {
    const now = at()
    if (now === null) return
    command(now)(editor.state, editor.view.dispatch)
    editor.view.focus()
  }
  const can = (direction: -1 | 1) => moveBlock(direction, pos)(editor.state)
  return [
    {
      label: t('block.moveUp'),
      icon: icon(ArrowUp),
      keys: arrows(KEYS.up),
      disabled: !can(-1),
      run: run((now) => moveBlock(-1, now)),
    },
    {
      label: t('block.moveDown'),
      icon: icon(ArrowDown),
      keys: arrows(KEYS.down),
      disabled: !can(1),
      run: run((now) => moveBlock(1, now)),
    },
    { label: t('block.duplicate'), icon: icon(Copy), keys: keysFor(KEYS.duplicate), run: run(duplicateBlock) },
    { label: t('block.copy'), icon: icon(ClipboardCopy), run: () => void copyBlock(editor, at()) },
    { label: t('block.delete'), icon: icon(Trash2), danger: true, run: run(deleteBlock) },
    ...turnInto(editor, page, at),
  ]
}

/** Nothing for what has no line of its own to turn: a picture, a formula, a divider, a table. */
function turnInto(editor: Editor, page: Page, at: () => number | null): MenuEntry[] {
  const pos = at()
  const node = pos === null ? null : editor.state.doc.nodeAt(pos)
  if (pos === null || node === null || node.isAtom || node.type.name === 'table') return []
  const kind = kindAt(editor.state.apply(select(editor, pos)))
  return [
    {
      group: t('block.turnInto'),
      items: blockChoices(editor, page)
        .filter((choice) => choice.kind === 'turn')
        .map((choice) => ({
          label: choice.name,
          icon: icon(choice.icon),
          checked: choice.key === kind,
          run: () => {
            const now = at()
            if (now === null) return
            ownStep(editor.state)
            editor.view.dispatch(select(editor, now))
            choice.run(editor.chain().focus()).run()
          },
        })),
    },
  ]
}

/** The selection as it must be for a choice to mean this block: the cursor in its first line, or there already. */
function select(editor: Editor, pos: number): Editor['state']['tr'] {
  const { doc, selection, tr } = editor.state
  const node = doc.nodeAt(pos)
  if (node === null || (selection.from > pos && selection.to < pos + node.nodeSize)) return tr
  if (node.isAtom) return tr.setSelection(NodeSelection.create(doc, pos))
  return tr.setSelection(Selection.near(doc.resolve(pos + 1), 1))
}

async function copyBlock(editor: Editor, pos: number | null): Promise<void> {
  const node = pos === null ? null : editor.state.doc.nodeAt(pos)
  if (pos === null || node === null) return
  const { dom, text } = editor.view.serializeForClipboard(editor.state.doc.slice(pos, pos + node.nodeSize))
  try {
    const parts = { 'text/html': dom.innerHTML, 'text/plain': text }
    await navigator.clipboard.write([new ClipboardItem(parts)])
  } catch {
    await copyText(text) // not over https, or not allowed: the words at least
  }
  editor.view.focus()
}

const arrows = (shortcut: string): string => keysFor(shortcut).replace('ArrowUp', '↑').replace('ArrowDown', '↓')
