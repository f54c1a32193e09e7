/**
 * What can be done with a whole block, as ProseMirror commands: state in, one transaction out, no page needed.
 *
 * A block here is what one hand takes hold of: a child of the document or of an opened toggle, or an item of a list,
 * with everything in it. A quote, a callout and a table are one block each.
 */
import { Fragment, type Node, type ResolvedPos } from '@tiptap/pm/model'
import {
  type Command,
  type EditorState,
  NodeSelection,
  Selection,
  TextSelection,
  type Transaction,
} from '@tiptap/pm/state'
import { ownStep } from '../sync'

export interface Block {
  /** Where it begins: the position before it. */
  pos: number
  node: Node
}

const LISTS = ['bulletList', 'orderedList', 'taskList']
/** What holds blocks that can be taken out one by one. */
const HOLDERS = ['doc', 'detailsContent', ...LISTS]

/** The block around a position: the innermost one. */
export function blockAt($pos: ResolvedPos): Block | null {
  for (let depth = $pos.depth; depth >= 0; depth -= 1) {
    if (!HOLDERS.includes($pos.node(depth).type.name)) continue
    if (depth < $pos.depth) return { pos: $pos.before(depth + 1), node: $pos.node(depth + 1) }
    const node = $pos.nodeAfter
    if (node !== null) return { pos: $pos.pos, node }
    const before = $pos.nodeBefore
    return before === null ? null : { pos: $pos.pos - before.nodeSize, node: before }
  }
  return null
}

/** The block with the cursor, or that begins where the selection begins. */
export function blockOf(state: EditorState): Block | null {
  const { selection } = state
  if (selection instanceof NodeSelection) {
    const $inside = state.doc.resolve(selection.from)
    const held = HOLDERS.includes($inside.parent.type.name)
    return held ? { pos: selection.from, node: selection.node } : blockAt($inside)
  }
  return blockAt(selection.$from)
}

/** Puts the block one place up (-1) or down (1): within its list or toggle first, then out of it. */
export function moveBlock(direction: -1 | 1, at?: number): Command {
  return (state, dispatch) => {
    const block = blockFor(state, at)
    const target = block === null ? null : nextPlace(state.doc, block, direction)
    return block !== null && target !== null && moveBlockTo(block.pos, target)(state, dispatch)
  }
}

/** Takes the block at `from` to the place before `to`; false where it cannot stand, or stands already. */
export function moveBlockTo(from: number, to: number): Command {
  return (state, dispatch) => {
    const node = state.doc.nodeAt(from)
    if (node === null || (to > from && to < from + node.nodeSize)) return false
    const { parent: home } = state.doc.resolve(from)
    const target = joined(state.doc, to, home)
    const fitted = fittedAt(state.doc.resolve(target), node, home)
    if (fitted === null || (fitted === node && (target === from || target === from + node.nodeSize))) return false
    if (dispatch) {
      ownStep(state)
      const { tr } = state
      tr.insert(target, fitted)
      removeBlock(tr, target <= from ? from + fitted.nodeSize : from)
      const placed = target <= from ? target : tr.mapping.slice(1).map(target, 1)
      tr.setSelection(movedSelection(state, tr, from, placed + (fitted.firstChild === node ? 1 : 0)))
      dispatch(tr.scrollIntoView())
    }
    return true
  }
}

/** A copy of the block right after it. */
export function duplicateBlock(at?: number): Command {
  return (state, dispatch) => {
    const block = blockFor(state, at)
    if (block === null) return false
    if (dispatch) {
      ownStep(state)
      const after = block.pos + block.node.nodeSize
      const tr = state.tr.insert(after, block.node)
      tr.setSelection(movedSelection(state, tr, block.pos, after))
      dispatch(tr.scrollIntoView())
    }
    return true
  }
}

export function deleteBlock(at?: number): Command {
  return (state, dispatch) => {
    const block = blockFor(state, at)
    if (block === null) return false
    if (dispatch) {
      ownStep(state)
      const { tr } = state
      removeBlock(tr, block.pos)
      tr.setSelection(Selection.near(tr.doc.resolve(Math.min(block.pos, tr.doc.content.size)), 1))
      dispatch(tr.scrollIntoView())
    }
    return true
  }
}

/** An empty paragraph (an item, in a list) after the block, with the cursor in it. */
export function addBlockBelow(at?: number): Command {
  return (state, dispatch) => {
    const block = blockFor(state, at)
    if (block === null) return false
    const $at = state.doc.resolve(block.pos)
    const type = LISTS.includes($at.parent.type.name) ? block.node.type : state.schema.nodes.paragraph
    const made = type?.createAndFill()
    if (!made) return false
    if (dispatch) {
      ownStep(state)
      const after = block.pos + block.node.nodeSize
      const tr = state.tr.insert(after, made)
      tr.setSelection(Selection.near(tr.doc.resolve(after + 1), 1))
      dispatch(tr.scrollIntoView())
    }
    return true
  }
}

const blockFor = (state: EditorState, at?: number): Block | null => {
  if (at === undefined) return blockOf(state)
  const node = state.doc.nodeAt(at)
  return node === null ? null : { pos: at, node }
}

function nextPlace(doc: Node, { pos, node }: Block, direction: -1 | 1): number | null {
  const $pos = doc.resolve(pos)
  for (let depth = $pos.depth; depth >= 0; depth -= 1) {
    const parent = $pos.node(depth)
    const index = $pos.index(depth)
    if (!HOLDERS.includes(parent.type.name)) continue
    const isDirect = depth === $pos.depth
    const before = isDirect ? pos : $pos.before(depth + 1)
    const after = before + (isDirect ? node.nodeSize : parent.child(index).nodeSize)
    const neighbour = parent.maybeChild(index + direction)
    // Out of a list or toggle the next place is right beside it, within it beyond the neighbour.
    if (!isDirect) {
      // Out of a list of this one item, beside it is where it stands already: on, past its neighbour.
      if (!isAlone($pos, depth)) return direction < 0 ? before : after
      if (neighbour === null) continue
      return direction < 0 ? before - neighbour.nodeSize : after + neighbour.nodeSize
    }
    if (neighbour !== null) return direction < 0 ? before - neighbour.nodeSize : after + neighbour.nodeSize
  }
  return null
}

/** Whether all from `depth` down to the block is lists of one. */
function isAlone($pos: ResolvedPos, depth: number): boolean {
  for (let inner = $pos.depth; inner > depth; inner -= 1) {
    const node = $pos.node(inner)
    if (!LISTS.includes(node.type.name) || node.childCount > 1) return false
  }
  return true
}

/** The node as it has to be to stand at this place: an item gets a list around it, a paragraph becomes an item. */
function fittedAt($target: ResolvedPos, node: Node, home: Node): Node | null {
  const { parent } = $target
  const index = $target.index()
  const fits = (made: Node) => parent.canReplace(index, index, Fragment.from(made))
  if (!HOLDERS.includes(parent.type.name)) return null
  if (LISTS.includes(parent.type.name)) {
    if (fits(node)) return node
    const item = parent.firstChild?.type
    const content = LISTS.includes(home.type.name) ? node.content : Fragment.from(node)
    return item?.validContent(content) ? item.create(null, content) : null
  }
  if (!LISTS.includes(home.type.name)) return fits(node) ? node : null
  const list = home.type.create({ ...home.attrs, ...('start' in home.attrs ? { start: 1 } : {}) }, node)
  return fits(list) ? list : null
}

/** A place beside a list of the same kind is in that list: an item that goes back to its list is one of it again. */
function joined(doc: Node, to: number, home: Node): number {
  const { nodeBefore, nodeAfter, parent } = doc.resolve(to)
  if (!LISTS.includes(home.type.name) || LISTS.includes(parent.type.name)) return to
  if (nodeBefore?.type === home.type && nodeBefore !== home) return to - 1
  if (nodeAfter?.type === home.type && nodeAfter !== home) return to + 1
  return to
}

/** Takes the node at `pos` away, and the lists that would be empty without it; nothing else becomes empty. */
function removeBlock(tr: Transaction, pos: number): void {
  let $pos = tr.doc.resolve(pos)
  while ($pos.depth > 0 && $pos.parent.childCount === 1 && LISTS.includes($pos.parent.type.name)) {
    $pos = tr.doc.resolve($pos.before())
  }
  const from = $pos.pos
  const to = from + ($pos.nodeAfter?.nodeSize ?? 0)
  const paragraph = tr.doc.type.schema.nodes.paragraph
  const isLast = $pos.parent.childCount === 1
  if (isLast && paragraph) tr.replaceWith(from, to, paragraph.create())
  else tr.delete(from, to)
}

/** The selection goes along with the block from `from` to `to`, when it was in it. */
function movedSelection(state: EditorState, tr: Transaction, from: number, to: number): Selection {
  const { selection } = state
  const size = state.doc.nodeAt(from)?.nodeSize ?? 0
  if (selection.from < from || selection.to > from + size) return selection.map(tr.doc, tr.mapping)
  const shift = to - from
  if (selection instanceof NodeSelection) return NodeSelection.create(tr.doc, selection.from + shift)
  if (selection instanceof TextSelection) {
    return TextSelection.create(tr.doc, selection.anchor + shift, selection.head + shift)
  }
  return Selection.near(tr.doc.resolve(to), 1)
}
