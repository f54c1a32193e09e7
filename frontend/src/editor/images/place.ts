/** Where a picture that is not there yet will stand, however others change the text meanwhile. */
import type { Node } from '@tiptap/pm/model'
import type { EditorState, Transaction } from '@tiptap/pm/state'
import {
  absolutePositionToRelativePosition,
  relativePositionToAbsolutePosition,
  ySyncPluginKey,
} from '@tiptap/y-tiptap'
import type { RelativePosition } from 'yjs'

/** A place between two blocks: where it is now, and what it is tied to in the shared document. */
export interface Place {
  pos: number
  anchor: RelativePosition | null
}

/** The place nearest to `pos` that takes a block: before the text of `pos` when it is at its beginning, else after. */
export function placeNear(state: EditorState, pos: number): Place {
  return placeAt(state, blockPoint(state.doc, pos))
}

export function placeAt(state: EditorState, pos: number): Place {
  return { pos, anchor: anchorOf(state, pos) }
}

/** The same place after a transaction. Within what others replace, positions cannot be mapped. */
export function moved(place: Place, transaction: Transaction, state: EditorState): Place {
  if (!transaction.docChanged) return place
  if (transaction.getMeta(ySyncPluginKey) === undefined) return { ...place, pos: transaction.mapping.map(place.pos) }
  const pos = place.anchor === null ? null : resolve(state, place.anchor)
  const size = state.doc.content.size
  return { ...place, pos: blockPoint(state.doc, Math.min(pos ?? transaction.mapping.map(place.pos), size)) }
}

export function blockPoint(doc: Node, pos: number): number {
  const $pos = doc.resolve(Math.max(0, Math.min(pos, doc.content.size)))
  const image = doc.type.schema.nodes.image
  for (let depth = $pos.depth; depth >= 0; depth -= 1) {
    const index = $pos.index(depth)
    const outer = $pos.node(depth)
    const isInside = depth < $pos.depth
    const atStart = isInside && $pos.pos === $pos.start(depth + 1)
    const after = isInside && !atStart ? index + 1 : index
    if (image && outer.canReplaceWith(after, after, image)) {
      if (!isInside) return $pos.pos
      return atStart ? $pos.before(depth + 1) : $pos.after(depth + 1)
    }
  }
  return doc.content.size
}

interface Sync {
  type: Parameters<typeof absolutePositionToRelativePosition>[1]
  doc: Parameters<typeof relativePositionToAbsolutePosition>[0]
  binding: { mapping: Parameters<typeof absolutePositionToRelativePosition>[2] } | null
}

function anchorOf(state: EditorState, pos: number): RelativePosition | null {
  const sync = ySyncPluginKey.getState(state) as Sync | undefined
  if (!sync?.binding) return null
  return absolutePositionToRelativePosition(pos, sync.type, sync.binding.mapping) as RelativePosition
}

function resolve(state: EditorState, anchor: RelativePosition): number | null {
  const sync = ySyncPluginKey.getState(state) as Sync | undefined
  if (!sync?.binding) return null
  return relativePositionToAbsolutePosition(sync.doc, sync.type, anchor, sync.binding.mapping)
}
