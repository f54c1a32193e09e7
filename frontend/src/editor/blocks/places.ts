/** Where blocks are on the screen: the one under the pointer, and the place a dragged one would take. Window pixels. */
import type { EditorView } from '@tiptap/pm/view'
import { type Block, blockAt, moveBlockTo } from './commands'

export interface Place {
  /** The position in the document before which the block would stand. */
  to: number
  y: number
  left: number
  width: number
}

/** How far into the text one looks from its edge, so that the gutter counts as the line beside it. */
const INSET_PX = 4

/** The block at this height, wherever the pointer is beside it. */
export function under(view: EditorView, x: number, y: number): Block | null {
  const text = view.dom.getBoundingClientRect()
  const left = Math.min(Math.max(x, text.left + INSET_PX), text.right - INSET_PX)
  const found = view.posAtCoords({ left, top: y })
  if (found === null) return null
  const inside = found.inside >= 0 ? view.state.doc.nodeAt(found.inside) : null
  const block =
    inside?.isBlock && inside.isAtom
      ? { pos: found.inside, node: inside }
      : blockAt(view.state.doc.resolve(found.inside >= 0 && inside?.isTextblock ? found.inside + 1 : found.pos))
  const rect = block && elementAt(view, block.pos)?.getBoundingClientRect()
  // Under the last line there is nothing to take hold of.
  return rect && y <= rect.bottom + 2 * INSET_PX && y >= rect.top - 4 * INSET_PX ? block : null
}

/** The block's box, and the middle of its first line. */
export function rectOf(view: EditorView, pos: number): { rect: DOMRect; middle: number } | null {
  const element = elementAt(view, pos)
  const node = view.state.doc.nodeAt(pos)
  if (element === null || node === null) return null
  const rect = element.getBoundingClientRect()
  let inner = pos
  let first = node
  while (!first.isTextblock && first.firstChild && first.type.name !== 'table') {
    first = first.firstChild
    inner += 1
  }
  if (!first.isTextblock || first.type.name === 'codeBlock') return { rect, middle: rect.top + 16 }
  const line = view.coordsAtPos(inner + 1)
  return { rect, middle: (line.top + line.bottom) / 2 }
}

/** Where the block at `from` would go if it were let go here; null where it cannot stand, or stands already. */
export function placeFor(view: EditorView, from: number, x: number, y: number): Place | null {
  let block = under(view, x, y) ?? atEdge(view, y)
  while (block !== null) {
    const rect = elementAt(view, block.pos)?.getBoundingClientRect()
    if (!rect) return null
    const isBefore = y < firstLine(view, block, rect)
    const to = isBefore ? block.pos : block.pos + block.node.nodeSize
    if (moveBlockTo(from, to)(view.state)) {
      return { to, y: isBefore ? rect.top : rect.bottom, left: rect.left, width: rect.width }
    }
    if (to === from || block.pos === from) return null
    block = outer(view, block)
  }
  return null
}

/** Above or below all blocks. */
function atEdge(view: EditorView, y: number): Block | null {
  const { doc } = view.state
  const isAbove = y < view.dom.getBoundingClientRect().top + INSET_PX
  const node = isAbove ? doc.firstChild : doc.lastChild
  return node && { node, pos: isAbove ? 0 : doc.content.size - node.nodeSize }
}

/** Half of an item is half of its own line, whatever hangs under it. */
function firstLine(view: EditorView, { pos, node }: Block, rect: DOMRect): number {
  const isItem = node.type.name === 'listItem' || node.type.name === 'taskItem'
  const line = isItem ? elementAt(view, pos + 1)?.getBoundingClientRect() : rect
  return line ? (line.top + line.bottom) / 2 : (rect.top + rect.bottom) / 2
}

function outer(view: EditorView, { pos }: Block): Block | null {
  const $pos = view.state.doc.resolve(pos)
  return $pos.depth === 0 ? null : blockAt(view.state.doc.resolve($pos.before()))
}

function elementAt(view: EditorView, pos: number): HTMLElement | null {
  const dom = view.nodeDOM(pos)
  return dom instanceof HTMLElement ? dom : null
}
