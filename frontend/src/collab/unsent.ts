/** The words a person typed that are not known to be on the server, in the order of the document; pure. */
import * as Y from 'yjs'
import type { Note } from './unsaved'

/** Words that the server does not have: to be read and copied, and for a file. */
export interface Rescued {
  /** Empty when there is nothing. */
  text: string
  markdown: string
}

export const NOTHING: Rescued = { text: '', markdown: '' }

/** What was rescued first, and what came after. */
export const together = (first: Rescued, then: Rescued): Rescued => ({
  text: [first.text, then.text].filter(Boolean).join('\n'),
  markdown: [first.markdown, then.markdown].filter(Boolean).join('\n\n'),
})

/** Letters in a row that have the same marks. */
export interface Piece {
  text: string
  /** As y-tiptap keeps them: by name, `null` where one ends. */
  marks: Record<string, unknown>
}

/** The visible text of `fragment` that lies in `ranges`, one line per block; empty when there is none. */
export function unsentText(fragment: Y.XmlFragment, ranges: Note[]): string {
  const lines: string[] = []
  for (const child of fragment.toArray()) collect(child, ranges, lines)
  return lines.join('\n')
}

/** The letters of `text` that lie in `ranges`. */
export function unsentPieces(text: Y.XmlText, ranges: Note[]): Piece[] {
  const pieces: Piece[] = []
  let marks: Record<string, unknown> = {}
  for (let item: Y.Item | null = text._start; item !== null; item = item.right) {
    if (item.deleted) continue
    if (item.content instanceof Y.ContentFormat) marks = { ...marks, [item.content.key]: item.content.value }
    if (!(item.content instanceof Y.ContentString)) continue
    const { client, clock } = item.id
    const starts = ranges.filter((range) => range.client === client).map((range) => range.clock - clock)
    const unsent = starts.length > 0 ? item.content.str.slice(Math.max(0, Math.min(...starts))) : ''
    const last = pieces.at(-1)
    if (last?.marks === marks) last.text += unsent
    else if (unsent !== '') pieces.push({ text: unsent, marks })
  }
  return pieces
}

function collect(node: unknown, ranges: Note[], lines: string[]): void {
  if (node instanceof Y.XmlText) {
    const line = unsentPieces(node, ranges)
      .map(({ text }) => text)
      .join('')
    if (line.trim() !== '') lines.push(line)
  } else if (node instanceof Y.XmlElement) {
    for (const child of node.toArray()) collect(child, ranges, lines)
  }
}
