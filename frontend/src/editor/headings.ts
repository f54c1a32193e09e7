/** The headings of a document: what the outline lists, and under which one a place is. */
import type { Node } from '@tiptap/pm/model'

export interface Heading {
  level: number
  text: string
  /** Before the heading's node. */
  pos: number
}

/** All headings with words in them, in order. */
export function headingsOf(doc: Node): Heading[] {
  const found: Heading[] = []
  doc.descendants((node, pos) => {
    const text = node.type.name === 'heading' ? node.textContent.trim() : ''
    if (text !== '') found.push({ level: Number(node.attrs.level), text, pos })
    return !node.isTextblock
  })
  return found
}

/** The words of the last heading at or before `pos`; null: there is none. */
export function headingAt(doc: Node, pos: number): string | null {
  return headingsOf(doc).findLast((heading) => heading.pos < pos)?.text ?? null
}
