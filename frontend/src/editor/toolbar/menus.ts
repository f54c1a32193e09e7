/** The menus of the toolbar: style, alignment, insert. What is in them is asked when they open. */
import type { ChainedCommands, Editor } from '@tiptap/core'
import { type IconNode, TextAlignCenter, TextAlignEnd, TextAlignJustify, TextAlignStart } from 'lucide'
import { icon } from '../../dom'
import type { MenuEntry, MenuItem } from '../../menu'
import type { Page } from '../../page'
import { t } from '../../strings'
import { type BlockChoice, blockAt, blockChoices, freshLine } from '../blocks-menu'
import { keysFor } from '../keys'

/** "Turn into": the blocks that the selection can become. */
export function styleEntries(editor: Editor, page: Page): MenuEntry[] {
  const here = blockAt(editor.state)
  const items = blockChoices(editor, page)
    .filter(({ kind }) => kind === 'turn')
    .map((choice) => ({
      ...item(choice, () => choice.run(editor.chain().focus()).run()),
      checked: choice.key === here,
    }))
  return [{ group: t('tool.style'), items }]
}

export const styleName = (editor: Editor): string => t(`block.${blockAt(editor.state)}` as 'block.text')

const ALSO_NEW = ['callout', 'details', 'codeBlock']

/** "Insert": always something new, never a change of what is there. */
export function insertEntries(editor: Editor, page: Page): MenuEntry[] {
  return blockChoices(editor, page)
    .filter(({ kind, key }) => kind === 'insert' || ALSO_NEW.includes(key))
    .map((choice) => item(choice, () => insertNew(editor.chain().focus(), choice).run()))
}

/** What would turn the line it stands in turns a new one. */
export function insertNew(chain: ChainedCommands, choice: BlockChoice): ChainedCommands {
  return choice.run(choice.kind === 'insert' ? chain : freshLine(chain))
}

export const SIDES: [side: string, image: IconNode, shortcut: string][] = [
  ['left', TextAlignStart, 'Mod-Shift-L'],
  ['center', TextAlignCenter, 'Mod-Shift-E'],
  ['right', TextAlignEnd, 'Mod-Shift-R'],
  ['justify', TextAlignJustify, 'Mod-Shift-J'],
]

export function alignEntries(editor: Editor): MenuEntry[] {
  const now = sideOf(editor)
  const items = SIDES.map(([side, image, shortcut]) => ({
    label: t(`align.${side}` as 'align.left'),
    icon: icon(image),
    keys: keysFor(shortcut),
    checked: side === now,
    run: () => editor.chain().focus().setTextAlign(side).run(),
  }))
  return [{ group: t('tool.align'), items }]
}

export const alignIcon = (editor: Editor): IconNode =>
  SIDES.find(([side]) => side === sideOf(editor))?.[1] ?? TextAlignStart

/** Looks at the line of the caret only: this is asked every frame. */
export const canAlign = ({ isEditable, state }: Editor): boolean =>
  isEditable && (!state.selection.$from.parent.isTextblock || 'textAlign' in state.selection.$from.parent.attrs)

function sideOf(editor: Editor): string {
  const { parent } = editor.state.selection.$from
  return typeof parent.attrs.textAlign === 'string' ? parent.attrs.textAlign : 'left'
}

function item(choice: BlockChoice, run: () => void): MenuItem {
  const keys = choice.shortcut === '' ? choice.typed : keysFor(choice.shortcut)
  return { label: choice.name, icon: icon(choice.icon), ...(keys === '' ? {} : { keys }), run }
}
