/** What people do to a document, each by a word that the script prints. An act that is not possible there does nothing. */
import type { Editor } from '@tiptap/core'
import { type Node, Slice } from '@tiptap/pm/model'
import { TextSelection } from '@tiptap/pm/state'
import { CellSelection, TableMap } from '@tiptap/pm/tables'
import { duplicateBlock, moveBlock, moveBlockTo } from '../../src/editor/blocks/commands'
import type { Chance } from './chance'

type Act = (editor: Editor, chance: Chance) => unknown

const WORDS = ['oak', 'Ulme ', ' été', '🙂', 'שלום', '\u0301e', 'x', ' and ', 'lorem ipsum']
const MARKS = ['bold', 'italic', 'underline', 'strike', 'code']

export const ACTS: Record<string, [weight: number, act: Act]> = {
  type: [14, (editor, chance) => editor.view.dispatch(editor.state.tr.insertText(chance.of(WORDS)))],
  'put the cursor': [8, (editor, chance) => select(editor, chance, 0)],
  'select a range': [6, (editor, chance) => select(editor, chance, 1 + chance.below(30))],
  erase: [6, (editor) => editor.commands.deleteSelection() || editor.commands.joinBackward()],
  enter: [8, enter],
  'join backward': [4, (editor) => editor.commands.joinTextblockBackward() || editor.commands.joinBackward()],
  'join forward': [2, (editor) => editor.commands.joinForward()],
  mark: [6, (editor, chance) => editor.commands.toggleMark(chance.of(MARKS))],
  colour: [2, (editor, chance) => editor.commands.setHighlight(chance.of(['red', 'blue'] as const))],
  link: [2, (editor) => editor.commands.setLink('https://example.org/')],
  unlink: [1, (editor) => editor.commands.unsetLink()],
  heading: [4, (editor, chance) => editor.commands.toggleHeading({ level: chance.of([1, 2, 3, 4] as const) })],
  paragraph: [2, (editor) => editor.commands.setParagraph()],
  align: [2, (editor, chance) => editor.commands.setTextAlign(chance.of(['center', 'right']))],
  'bulleted list': [4, (editor) => editor.commands.toggleBulletList()],
  'numbered list': [3, (editor) => editor.commands.toggleOrderedList()],
  'task list': [3, (editor) => editor.commands.toggleTaskList()],
  indent: [4, (editor) => editor.commands.sinkListItem('listItem') || editor.commands.sinkListItem('taskItem')],
  outdent: [4, (editor) => editor.commands.liftListItem('listItem') || editor.commands.liftListItem('taskItem')],
  tick: [2, (editor, chance) => editor.commands.updateAttributes('taskItem', { checked: chance.next() < 0.5 })],
  quote: [3, (editor) => editor.commands.toggleBlockquote()],
  callout: [3, (editor, chance) => editor.commands.setCallout(chance.of(['note', 'tip', 'danger'] as const))],
  uncallout: [2, (editor) => editor.commands.unsetCallout()],
  toggle: [3, (editor) => editor.commands.setDetails()],
  untoggle: [2, (editor) => editor.commands.unsetDetails()],
  code: [2, (editor) => editor.commands.toggleCodeBlock()],
  rule: [1, (editor) => editor.commands.setHorizontalRule()],
  break: [1, (editor) => editor.commands.setHardBreak()],
  image: [1, (editor) => editor.commands.insertContent({ type: 'image', attrs: { src: '/images/1/' } })],
  mention: [2, (editor) => editor.commands.insertContent({ type: 'mention', attrs: { id: '7', label: 'Bob' } })],
  math: [1, (editor) => editor.commands.insertContent({ type: 'inlineMath', attrs: { latex: 'x^2' } })],
  'math block': [1, (editor) => editor.commands.insertContent({ type: 'blockMath', attrs: { latex: 'x' } })],
  paste: [4, paste],
  table: [3, (editor, chance) =>
    editor.commands.insertTable({ rows: 2 + chance.below(2), cols: 2 + chance.below(2), withHeaderRow: chance.next() < 0.5 })],
  'go into a table': [6, inTable],
  'add a row': [4, (editor, chance) => inTable(editor, chance) && either(chance, editor.commands.addRowAfter, editor.commands.addRowBefore)],
  'add a column': [4, (editor, chance) => inTable(editor, chance) && either(chance, editor.commands.addColumnAfter, editor.commands.addColumnBefore)],
  'delete a row': [4, (editor, chance) => inTable(editor, chance) && (editor.commands.deleteRow())],
  'delete a column': [4, (editor, chance) => inTable(editor, chance) && (editor.commands.deleteColumn())],
  'merge cells': [4, (editor, chance) => selectCells(editor, chance) && (editor.commands.mergeCells())],
  'split a cell': [3, (editor, chance) => inTable(editor, chance) && (editor.commands.splitCell())],
  'toggle a header': [2, (editor, chance) => inTable(editor, chance) && either(chance, editor.commands.toggleHeaderRow, editor.commands.toggleHeaderColumn)],
  'widen a column': [2, widen],
  'clear cells': [2, (editor, chance) => selectCells(editor, chance) && (editor.commands.deleteSelection())],
  'delete the table': [1, (editor, chance) => inTable(editor, chance) && (editor.commands.deleteTable())],
  'move a block': [5, (editor, chance) => moveBlock(chance.next() < 0.5 ? -1 : 1)(editor.state, editor.view.dispatch)],
  'drag a block': [5, (editor, chance) => {
    const from = blockStart(editor, chance)
    return moveBlockTo(from, blockStart(editor, chance))(editor.state, editor.view.dispatch)
  }],
  duplicate: [3, (editor) => duplicateBlock()(editor.state, editor.view.dispatch)],
  'delete a block': [3, (editor, chance) => {
    const at = blockStart(editor, chance)
    const node = editor.state.doc.nodeAt(at)
    if (node) editor.view.dispatch(editor.state.tr.delete(at, at + node.nodeSize))
  }],
  'replace all': [2, replaceAll],
  undo: [6, (editor) => editor.commands.undo()],
  redo: [3, (editor) => editor.commands.redo()],
} // biome-ignore format: one act a line

/** A document with some of everything, for those who do not begin with nothing. */
export const BEGINNING = `
  <h1>Minutes</h1><p>An <b>oak</b> and an <i>elm</i>.</p>
  <ul><li><p>one</p></li><li><p>two</p><ul><li><p>deeper</p></li></ul></li><li><p>three</p></li></ul>
  <table><tr><th>a</th><th>b</th><th>c</th></tr><tr><td>1</td><td>2</td><td>3</td></tr><tr><td>4</td><td>5</td><td>6</td></tr></table>
  <aside data-callout="tip"><p>mind</p></aside><blockquote><p>said</p></blockquote>
  <ul data-type="taskList"><li data-type="taskItem" data-checked="true"><p>done</p></li></ul>
  <p>The end.</p>`

const TOTAL = Object.values(ACTS).reduce((sum, [weight]) => sum + weight, 0)

export function chooseAct(chance: Chance): string {
  let left = chance.next() * TOTAL
  for (const [name, [weight]] of Object.entries(ACTS)) {
    left -= weight
    if (left < 0) return name
  }
  return 'type'
}

export function perform(name: string, editor: Editor, chance: Chance): void {
  const [, act] = ACTS[name] as [number, Act]
  const before = editor.state.doc
  try {
    act(editor, chance)
  } catch (error) {
    // prosemirror-tables and Tiptap throw at some places (a paste into a table in a table): then nothing has happened.
    if (editor.state.doc !== before || (error as Error).stack?.includes('/editor/sync/')) throw error
  }
}

function enter(editor: Editor): void {
  editor.commands.deleteSelection()
  editor.commands.first(({ commands }) => [
    () => commands.newlineInCode(),
    () => commands.splitListItem('listItem'),
    () => commands.splitListItem('taskItem'),
    () => commands.liftEmptyBlock(),
    () => commands.splitBlock(),
  ])
}

function select(editor: Editor, chance: Chance, length: number): void {
  const { doc } = editor.state
  const from = place(doc, chance.below(doc.content.size + 1))
  const to = place(doc, from + length)
  editor.view.dispatch(editor.state.tr.setSelection(TextSelection.between(doc.resolve(from), doc.resolve(to))))
}

/** Nobody's cursor stands between the two halves of an emoji. */
function place(doc: Node, at: number): number {
  const pos = Math.min(doc.content.size, at)
  const $pos = doc.resolve(pos)
  return $pos.textOffset > 0 && /[\uDC00-\uDFFF]/.test($pos.nodeAfter?.text?.[0] ?? '') ? pos - 1 : pos
}

function cells(editor: Editor): number[] {
  const found: number[] = []
  editor.state.doc.descendants((node, pos) => {
    if (['cell', 'header_cell'].includes(node.type.spec.tableRole)) found.push(pos)
  })
  return found
}

const either = (chance: Chance, one: () => boolean, other: () => boolean) => (chance.next() < 0.5 ? one() : other())

function inTable(editor: Editor, chance: Chance): boolean {
  const pos = chance.of(cells(editor))
  if (pos === undefined) return false
  const { tr } = editor.state
  editor.view.dispatch(tr.setSelection(TextSelection.near(tr.doc.resolve(pos + 1))))
  return true
}

function selectCells(editor: Editor, chance: Chance): boolean {
  const anchor = chance.of(cells(editor))
  if (anchor === undefined) return false
  const $cell = editor.state.doc.resolve(anchor)
  const table = $cell.node(-1)
  const start = $cell.start(-1)
  const head = start + chance.of(TableMap.get(table).map)
  editor.view.dispatch(editor.state.tr.setSelection(CellSelection.create(editor.state.doc, anchor, head) as never))
  return true
}

/** As the handle between columns does it: every cell of the column gets the width. */
function widen(editor: Editor, chance: Chance): void {
  const pos = chance.of(cells(editor))
  if (pos === undefined) return
  const $cell = editor.state.doc.resolve(pos)
  const table = $cell.node(-1)
  const start = $cell.start(-1)
  const map = TableMap.get(table)
  const column = chance.below(map.width)
  const width = 60 + 10 * chance.below(5)
  const { tr } = editor.state
  for (const at of new Set(map.cellsInRect({ left: column, right: column + 1, top: 0, bottom: map.height }))) {
    const cell = table.nodeAt(at)
    if (cell === null) continue
    const widths = [...((cell.attrs.colwidth as number[] | null) ?? Array(cell.attrs.colspan).fill(0))]
    widths[column - map.colCount(at)] = width
    tr.setNodeMarkup(start + at, null, { ...cell.attrs, colwidth: widths })
  }
  editor.view.dispatch(tr)
}

function blockStart(editor: Editor, chance: Chance): number {
  const starts: number[] = []
  editor.state.doc.descendants((node, pos, parent) => {
    if (node.isBlock && parent && (parent.type.name === 'doc' || parent.type.name.endsWith('List'))) starts.push(pos)
  })
  starts.push(editor.state.doc.content.size)
  return chance.of(starts)
}

/** What was selected comes again somewhere else, open ends and all. */
function paste(editor: Editor, chance: Chance): void {
  const { doc } = editor.state
  const from = place(doc, chance.below(doc.content.size + 1))
  const slice = doc.slice(from, place(doc, from + chance.below(25)))
  editor.view.dispatch(editor.state.tr.replaceSelection(slice.size ? slice : Slice.empty))
}

function replaceAll(editor: Editor): void {
  const { tr } = editor.state
  editor.state.doc.descendants((node, pos) => {
    for (const match of node.isText ? [...(node.text ?? '').matchAll(/oak/g)].reverse() : []) {
      tr.insertText('beech', tr.mapping.map(pos + match.index), tr.mapping.map(pos + match.index + 3))
    }
  })
  if (tr.docChanged) editor.view.dispatch(tr)
}
