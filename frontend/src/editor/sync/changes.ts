/** What differs between two documents, and a transaction that changes no more than that. */
import { Fragment, type Node, Slice } from '@tiptap/pm/model'
import { type EditorState, Selection, type Transaction } from '@tiptap/pm/state'
import { ReplaceStep } from '@tiptap/pm/transform'

/** A transaction that turns the state's document into `doc` by replacing as little as may be; null when nothing differs. */
export function replaceChanged(state: EditorState, doc: Node): Transaction | null {
  const changes = differences(state.doc, doc, 0)
  if (changes.length === 0) return null
  const { tr } = state
  // From the end, so that the places of those before stay true.
  for (const change of changes.reverse()) {
    tr.step(seam(tr.doc, change) ?? new ReplaceStep(change.from, change.to, new Slice(change.content, 0, 0)))
  }
  return tr
}

/**
 * Where others moved or made anew the block that `at` stands in: its place in there. Null unless just one of the blocks
 * that changed has the same words.
 */
export function placeInSameWords(transaction: Transaction, at: number): number | null {
  const { parent, parentOffset } = transaction.before.resolve(at)
  if (!parent.isTextblock || parent.content.size === 0) return null
  const starts = new Set<number>()
  for (const { after } of changesIn(transaction)) {
    transaction.doc.nodesBetween(after.from, after.to, (node, start) => {
      if (node.isTextblock && node.textContent === parent.textContent) starts.add(start + 1)
    })
  }
  const [start] = starts
  return starts.size === 1 && start !== undefined ? start + parentOffset : null
}

/** Puts the caret behind what came back or went; answers false, and does nothing, when only the looks changed. */
export function goToChange(transaction: Transaction): boolean {
  const last = changesIn(transaction).at(-1)
  if (last === undefined || last.before.to - last.before.from === last.after.to - last.after.from) return false
  transaction.setSelection(Selection.near(transaction.doc.resolve(last.after.to), -1))
  return true
}

/** Whether something is replaced where the selection is, or beside it. */
export function touches(transaction: Transaction, { from, to }: Selection): boolean {
  return changesIn(transaction).some(({ before }) => before.from <= to && from <= before.to)
}

interface Range {
  from: number
  to: number
}

/**
 * What `replaceChanged` replaces, in the order of the document: places before the transaction and after it. Its steps go
 * from the end to the beginning, so each stands where it stood before, and all that come after it only shift it.
 */
export function changesIn({ mapping }: Transaction): { before: Range; after: Range }[] {
  const found: { before: Range; after: Range }[] = []
  let shift = 0
  for (const map of [...mapping.maps].reverse()) {
    map.forEach((from, to, newFrom, newTo) => {
      found.push({ before: { from, to }, after: { from: newFrom + shift, to: newTo + shift } })
      shift += newTo - newFrom - (to - from)
    })
  }
  return found
}

interface Change extends Range {
  content: Fragment
}

/** What differs, as deep as the same children stand on both sides. `start` is where the content of `before` begins. */
function differences(before: Node, after: Node, start: number): Change[] {
  if (before === after || before.content === after.content) return []
  if (before.inlineContent) return inlineDifference(before.content, after.content, start)
  const most = Math.min(before.childCount, after.childCount)
  let left = 0
  let from = start
  while (left < most && before.child(left).eq(after.child(left))) from += before.child(left++).nodeSize
  if (left === before.childCount && left === after.childCount) return []
  let right = 0
  let to = start + before.content.size
  while (right < most - left) {
    const last = before.child(before.childCount - 1 - right)
    if (!last.eq(after.child(after.childCount - 1 - right))) break
    to -= last.nodeSize
    right++
  }
  const changed = children(before, left, before.childCount - right)
  const wanted = children(after, left, after.childCount - right)
  const within = changesWithin(changed, wanted, from)
  return within ?? [{ from, to, content: Fragment.fromArray(wanted) }]
}

/** Null where these are not the same nodes one by one, with another content. */
function changesWithin(changed: Node[], wanted: Node[], start: number): Change[] | null {
  if (changed.length !== wanted.length) return null
  const found: Change[] = []
  let at = start
  for (const [index, one] of changed.entries()) {
    const other = wanted[index] as Node
    if (!one.sameMarkup(other) || (one.isLeaf && !one.eq(other))) return null
    if (!one.isLeaf) found.push(...differences(one, other, at + 1))
    at += one.nodeSize
  }
  return found
}

function children(node: Node, from: number, to: number): Node[] {
  return Array.from({ length: to - from }, (_, index) => node.child(from + index))
}

/** For a block that was split, or two that were joined: a step that lets the words on both sides stand. */
function seam(doc: Node, { from, to, content }: Change): ReplaceStep | null {
  const before = doc.slice(from, to).content
  const start = before.findDiffStart(content)
  const ends = before.findDiffEnd(content)
  if (!start || ends === null || start > Math.min(ends.a, ends.b)) return null
  const slice = doc.type.create(null, content).slice(start, ends.b)
  const step = new ReplaceStep(from + start, from + ends.a, slice)
  const made = step.apply(doc).doc?.slice(from, from + content.size).content
  return made?.eq(content) ? step : null
}

function inlineDifference(before: Fragment, after: Fragment, start: number): Change[] {
  const from = before.findDiffStart(after)
  const ends = before.findDiffEnd(after)
  if (from === null || ends === null) return []
  const overlap = Math.max(0, from - Math.min(ends.a, ends.b))
  return [{ from: start + from, to: start + ends.a + overlap, content: after.cut(from, ends.b + overlap) }]
}
