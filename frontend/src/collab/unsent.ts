/** The words a person typed that are not known to be on the server, in the order of the document; pure. */
import * as Y from 'yjs'
import type { Note } from './unsaved'

/** The visible text of `fragment` that lies in `ranges`, one line per block; empty when there is none. */
export function unsentText(fragment: Y.XmlFragment, ranges: Note[]): string {
  const lines: string[] = []
  for (const child of fragment.toArray()) collect(child, ranges, lines)
  return lines.join('\n')
}

function collect(node: unknown, ranges: Note[], lines: string[]): void {
  if (node instanceof Y.XmlText) {
    const line = unsentIn(node, ranges)
    if (line.trim() !== '') lines.push(line)
  } else if (node instanceof Y.XmlElement) {
    for (const child of node.toArray()) collect(child, ranges, lines)
  }
}

function unsentIn(text: Y.XmlText, ranges: Note[]): string {
  let line = ''
  for (let item: Y.Item | null = text._start; item !== null; item = item.right) {
    if (item.deleted || !(item.content instanceof Y.ContentString)) continue
    const { client, clock } = item.id
    const starts = ranges.filter((range) => range.client === client).map((range) => range.clock - clock)
    if (starts.length > 0) line += item.content.str.slice(Math.max(0, Math.min(...starts)))
  }
  return line
}
