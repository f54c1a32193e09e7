/** What can be done to the table around the selection: one table for the bar at the table and the menu in the toolbar. */
import type { ChainedCommands, Editor } from '@tiptap/core'
import {
  BetweenHorizontalEnd,
  BetweenHorizontalStart,
  BetweenVerticalEnd,
  BetweenVerticalStart,
  FoldHorizontal,
  FoldVertical,
  type IconNode,
  PanelLeft,
  PanelTop,
  TableCellsMerge,
  TableCellsSplit,
  Trash2,
} from 'lucide'
import { icon } from '../dom'
import type { MenuEntry } from '../menu'
import { type Key, t } from '../strings'

export interface TableAct {
  key: Key
  icon: IconNode
  danger?: boolean
  run(chain: ChainedCommands): ChainedCommands
  able(editor: Editor): boolean
}

function act(key: Key, image: IconNode, run: TableAct['run']): TableAct {
  return { key, icon: image, run, able: (editor) => run(editor.can().chain()).run() }
}

export const TABLE_ACTS: TableAct[][] = [
  [
    act('table.rowBefore', BetweenHorizontalStart, (c) => c.addRowBefore()),
    act('table.rowAfter', BetweenHorizontalEnd, (c) => c.addRowAfter()),
    act('table.columnBefore', BetweenVerticalStart, (c) => c.addColumnBefore()),
    act('table.columnAfter', BetweenVerticalEnd, (c) => c.addColumnAfter()),
  ],
  [
    act('table.headerRow', PanelTop, (c) => c.toggleHeaderRow()),
    act('table.headerColumn', PanelLeft, (c) => c.toggleHeaderColumn()),
    act('table.merge', TableCellsMerge, (c) => c.mergeCells()),
    act('table.split', TableCellsSplit, (c) => c.splitCell()),
  ],
  [
    act('table.deleteRow', FoldVertical, (c) => c.deleteRow()),
    act('table.deleteColumn', FoldHorizontal, (c) => c.deleteColumn()),
    { ...act('table.delete', Trash2, (c) => c.deleteTable()), danger: true },
  ],
]

/** The same as a menu. */
export function tableEntries(editor: Editor): MenuEntry[] {
  const entry = ({ key, icon: image, danger = false, able, run }: TableAct): MenuEntry => ({
    label: t(key),
    icon: icon(image),
    disabled: !able(editor),
    danger,
    run: () => run(editor.chain().focus()).run(),
  })
  return TABLE_ACTS.flatMap((group, index): MenuEntry[] => [
    ...(index === 0 ? [] : ['separator' as const]),
    ...group.map(entry),
  ])
}
