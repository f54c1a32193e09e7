/**
 * Makes a table a rectangle, by rules that give every page the same one. documents/mend.py has the same rules.
 *
 * Somebody adds a column while somebody else adds a row: the new row is short. prosemirror-tables would mend that in every
 * page that sees it, and each page's cells would come on top of the others'; so it is given tables that need no mending.
 */
import { Fragment, type Node } from '@tiptap/pm/model'

/** Rows times columns: a few bytes of `colspan` and `rowspan` can claim a billion. documents/mend.py has the same. */
const MAX_PLACES = 100_000

/**
 * `table` itself when nothing is wrong; null when it has no cells; 'too large' when it claims more than a page can hold.
 * `onMadeUp` hears of cells nobody wrote.
 */
export function mendTable(table: Node, onMadeUp: (cell: Node, siblings: number) => void): Node | null | 'too large' {
  const fitted = fitSpans(table)
  if (fitted === null) return 'too large'
  const width = widest(fitted)
  if (width === 0) return null
  const widths = columnWidths(fitted, width)
  const rows: Node[] = []
  let same = true
  table.forEach((row, _offset, index) => {
    const cells: Node[] = []
    const fit = fitted[index] as FitRow
    for (const { cell, column, colspan, rowspan } of fit.cells) {
      const colwidth = fitWidths(cell.attrs.colwidth, widths.slice(column, column + colspan))
      const { attrs } = cell
      const fits = attrs.colspan === colspan && attrs.rowspan === rowspan && attrs.colwidth === colwidth
      cells.push(fits ? cell : cell.type.create({ ...attrs, colspan, rowspan, colwidth }, cell.content, cell.marks))
      same &&= fits
    }
    const missing = width - fit.taken
    const type = row.lastChild?.type ?? table.type.schema.nodes.tableCell
    const made: Node[] = []
    for (let index = 0; index < missing && type; index++) {
      const column = fit.free[index] as number
      made.push(type.createAndFill({ colwidth: fitWidths(null, widths.slice(column, column + 1)) }) as Node)
    }
    for (const cell of made) onMadeUp(cell, cells.length + made.length)
    same &&= made.length === 0
    rows.push(row.copy(Fragment.fromArray([...cells, ...made])))
  })
  return same ? table : table.copy(Fragment.fromArray(rows))
}

/** Whether a table claims more than any page shows. */
export const isTooLarge = (table: Node): boolean => fitSpans(table) === null

interface FitCell {
  cell: Node
  column: number
  colspan: number
  rowspan: number
}

interface FitRow {
  cells: FitCell[]
  /** Columns that are taken, by cells of this row or from above. */
  taken: number
  /** One past the last taken column. */
  reach: number
  /** The columns that are not. */
  free: number[]
}

/**
 * Puts each cell into the first free column, narrower where the next is taken, shorter where the table ends. Null when
 * that takes more than `MAX_PLACES`.
 */
function fitSpans(table: Node): FitRow[] | null {
  const height = table.childCount
  let places = 0
  const taken: Set<number>[] = Array.from({ length: height }, () => new Set())
  const rows: FitRow[] = []
  table.forEach((row, _offset, at) => {
    const here = taken[at] as Set<number>
    const cells: FitCell[] = []
    let column = 0
    row.forEach((cell) => {
      if (places > MAX_PLACES) return
      while (here.has(column)) column++
      let colspan = 1
      while (colspan < cell.attrs.colspan && !here.has(column + colspan)) colspan++
      const rowspan = Math.min(cell.attrs.rowspan, height - at)
      places += colspan * rowspan
      if (places > MAX_PLACES) return
      for (let down = 0; down < rowspan; down++) {
        for (let over = 0; over < colspan; over++) taken[at + down]?.add(column + over)
      }
      cells.push({ cell, column, colspan, rowspan })
      column += colspan
    })
    rows.push({ cells, taken: 0, reach: 0, free: [] })
  })
  if (places > MAX_PLACES) return null
  rows.forEach((row, at) => {
    for (const column of taken[at] as Set<number>) row.reach = Math.max(row.reach, column + 1)
  })
  const width = widest(rows)
  if (width * height > MAX_PLACES) return null
  rows.forEach((row, at) => {
    const here = taken[at] as Set<number>
    row.taken = here.size
    row.free = Array.from({ length: width }, (_, column) => column).filter((column) => !here.has(column))
  })
  return rows
}

const widest = (rows: FitRow[]): number => rows.reduce((width, row) => Math.max(width, row.reach), 0)

/** A column is as wide as its topmost cell with a width says; 0 where none says anything. */
function columnWidths(rows: FitRow[], width: number): number[] {
  const widths: number[] = Array.from({ length: width }, () => 0)
  for (const { cells } of rows) {
    for (const { cell, column, colspan } of cells) {
      for (let over = 0; over < colspan; over++) {
        widths[column + over] ||= Number(cell.attrs.colwidth?.[over] ?? 0)
      }
    }
  }
  return widths
}

/** `colwidth` itself when it says the same as `widths`. */
function fitWidths(colwidth: number[] | null, widths: number[]): number[] | null {
  if (widths.every((width) => width === 0)) return same(colwidth, widths) || colwidth === null ? colwidth : null
  return same(colwidth, widths) ? colwidth : widths
}

const same = (one: number[] | null, other: number[]): boolean =>
  one !== null && one.length === other.length && one.every((width, index) => width === other[index])
