/**
 * Writes into a line that Yjs holds in several texts, one after the other: two people began the same empty line at once.
 *
 * y-tiptap would move everything into the first text and delete the others; when two pages do that at once, the words of one
 * of them come twice. Here each text keeps its letters and takes the changes that fall into it.
 */
import type { Node } from '@tiptap/pm/model'
import { simpleDiffString } from 'lib0/diff'
import * as Y from 'yjs'
import type { Mapping } from './read'

/** Whether Yjs holds a line of `element` in more than one text. */
export function isSplit(element: Y.XmlFragment): boolean {
  const children = element.toArray()
  return children.some((child, index) => child instanceof Y.XmlText && children[index - 1] instanceof Y.XmlText)
}

/** Writes what changed in these elements and notes it in `mapping`; leaves alone what did not just change its text. */
export function writeSplitTexts(split: Iterable<Y.XmlElement>, root: Y.XmlFragment, doc: Node, mapping: Mapping): void {
  for (const element of split) {
    if (element._item === null || element._item.deleted || !isSplit(element)) continue
    const node = counterpart(element, root, doc)
    if (node === null || !node.isTextblock || mapping.get(element) === node) continue
    const before = mapping.get(element) as Node | undefined
    if (before?.sameMarkup(node) && writeRuns(element, node)) mapping.set(element, node)
  }
}

/** The node at the same place, if nothing was added or taken away on the way. */
function counterpart(element: Y.XmlElement, root: Y.XmlFragment, doc: Node): Node | null {
  const path: Y.XmlElement[] = []
  for (let at: Y.XmlFragment = element; at !== root; at = at.parent as Y.XmlFragment) path.unshift(at as Y.XmlElement)
  let parent = root
  let node = doc
  for (const step of path) {
    if (parent.length !== node.childCount) return null
    node = node.child(parent.toArray().indexOf(step))
    if (node.type.name !== step.nodeName) return null
    parent = step
  }
  return node
}

type Run<Text, Other> = { texts: Text[]; before: Other | null }

function writeRuns(element: Y.XmlElement, node: Node): boolean {
  const stored = runs(element.toArray(), (child): child is Y.XmlText => child instanceof Y.XmlText)
  const wanted = runs(children(node), (child): child is Node => child.isText)
  if (stored.length !== wanted.length) return false
  for (const [index, run] of stored.entries()) {
    const other = wanted[index] as Run<Node, Node>
    const atom = run.before as Y.XmlElement | null
    if (atom?.nodeName !== other.before?.type.name) return false
    if (other.before && !sameAttributes(atom as Y.XmlElement, other.before)) return false
    if (run.texts.length === 0 && other.texts.length > 0) return false
    if (other.texts.some(({ marks }) => marks.some(({ type }) => !type.excludes(type)))) return false
  }
  for (const [index, { texts }] of stored.entries()) writeRun(texts, (wanted[index] as Run<Node, Node>).texts)
  return true
}

function writeRun(texts: Y.XmlText[], wanted: Node[]): void {
  if (texts.length === 0) return
  const change = simpleDiffString(texts.map(plain).join(''), wanted.map(({ text }) => text).join(''))
  let start = 0
  let inserted = false
  for (const text of texts) {
    const end = start + text.length
    const from = Math.max(change.index, start)
    const to = Math.min(change.index + change.remove, end)
    if (to > from) text.delete(from - start, to - from)
    if (!inserted && change.index <= end) {
      text.insert(change.index - start, change.insert)
      inserted = true
    }
    start = end
  }
  format(texts, wanted)
}

/** Gives the letters of `texts` the marks of `wanted`, letter by letter. */
function format(texts: Y.XmlText[], wanted: Node[]): void {
  let at = 0
  let left = wanted[0]?.text?.length ?? 0
  for (const text of texts) {
    const names = new Set((text.toDelta() as Y.Delta).flatMap(({ attributes }) => Object.keys(attributes ?? {})))
    const none = Object.fromEntries([...names].map((name) => [name, null]))
    const delta: { retain: number; attributes: Record<string, unknown> }[] = []
    for (let open = text.length; open > 0; ) {
      while (left === 0) left = wanted[++at]?.text?.length ?? open
      const retain = Math.min(open, left)
      const marks = (wanted[at]?.marks ?? []).map(({ type, attrs }) => [type.name, attrs])
      delta.push({ retain, attributes: { ...none, ...Object.fromEntries(marks) } })
      open -= retain
      left -= retain
    }
    if (delta.length > 0) text.applyDelta(delta)
  }
}

function runs<Text extends Any, Any>(children: Any[], isText: (child: Any) => child is Text): Run<Text, Any>[] {
  const found: Run<Text, Any>[] = [{ texts: [], before: null }]
  for (const child of children) {
    if (isText(child)) found.at(-1)?.texts.push(child)
    else found.push({ texts: [], before: child })
  }
  return found
}

function children(node: Node): Node[] {
  return Array.from({ length: node.childCount }, (_, index) => node.child(index))
}

function sameAttributes(element: Y.XmlElement, node: Node): boolean {
  const stored = element.getAttributes() as Record<string, unknown>
  return Object.entries(node.attrs).every(([name, value]) => (stored[name] ?? null) === value)
}

function plain(text: Y.XmlText): string {
  return (text.toDelta() as Y.Delta).map(({ insert }) => (typeof insert === 'string' ? insert : '')).join('')
}
