/**
 * What a Yjs fragment shows: always a valid document, always the same one for the same Yjs state, and nothing is written.
 *
 * Two people's valid edits can meet in a state that neither made: a list whose items are all deleted, a table whose rows
 * differ in length. Each page mends that in what it shows, by these rules, and the stored elements stay as they are until
 * somebody edits there. documents/mend.py mends by the same rules for the server; tests/documents/test_two_writers.py
 * compares the two. What no valid edits can explain (`Foreign`) is shown as well as may be, and must not be edited.
 */
import type { Mark, Node, NodeType, Schema } from '@tiptap/pm/model'
import { Fragment } from '@tiptap/pm/model'
import * as Y from 'yjs'
import { mendTable } from './tables'
import { isSplit } from './texts'
import { badAttributes } from './values'

/** Nodes within nodes, the document and its text included: documents/schema.py's bound. Deeper ones are not shown. */
export const MAX_DEPTH = 100
/** These keep their place when they hold nothing: a row is counted in cells. Anything else that must not be empty goes. */
const KEPT = new Set(['tableCell', 'tableHeader', 'detailsContent'])
/** y-prosemirror puts a hash behind a mark that may overlap itself: sync-plugin.js, `yattr2markname`. */
const HASHED = /^(.*)--[a-zA-Z0-9+/=]{8}$/

/** Why a document cannot be edited here: the first thing found. */
export interface Foreign {
  kind: 'node' | 'mark' | 'attribute' | 'content' | 'depth'
  name: string
}

interface Reading {
  nodes: Node[]
  foreign: Foreign | null
  mended: boolean
}

type Shared = Y.XmlElement | Y.XmlText
/** What the write and the carets of y-tiptap look nodes up in. */
export type Mapping = Map<object, Node | Node[]>

/** Stands in the mapping for an element that is not shown, so that what is behind it is found in its place. */
const NOT_SHOWN = { nodeSize: 0, eq: () => false, sameMarkup: () => false } as unknown as Node
const NOTHING: Reading = { nodes: [], foreign: null, mended: false }

export class Reader {
  /** Which node an element is shown as. */
  readonly mapping = new WeakMap() as unknown as Mapping
  /** What was read of the whole fragment last. */
  foreign: Foreign | null = null
  mended = false

  /** Elements that hold a line in several texts. */
  readonly split = new Set<Y.XmlElement>()

  private readings = new WeakMap<object, Reading>()
  /** Nodes that no element stands behind, and how many siblings they had, themselves included. */
  private readonly madeUp = new WeakMap<Node, number>()

  constructor(
    private readonly fragment: Y.XmlFragment,
    private readonly schema: Schema,
  ) {}

  /** Forgets what was read of these types. */
  forget(types: Iterable<object>): void {
    for (const type of types) this.readings.delete(type)
  }

  forgetAll(): void {
    this.readings = new WeakMap()
  }

  read(): Node {
    const top = this.schema.topNodeType
    const children = this.children(this.fragment, 1)
    const { nodes, foreign, mended } = this.fit(top, children.nodes)
    this.foreign = children.foreign ?? foreign
    this.mended = children.mended || mended
    return top.create(null, nodes)
  }

  /** `doc` without what was made up and not touched since: that is not to be written. */
  withoutMadeUp(doc: Node): Node {
    if (!this.mended || doc.isLeaf || doc.isTextblock) return doc
    const kept: Node[] = []
    let same = true
    doc.forEach((child) => {
      if (this.madeUp.get(child) === doc.childCount) {
        same = false
        return
      }
      const stripped = this.withoutMadeUp(child)
      if (stripped !== child) same = false
      kept.push(stripped)
    })
    return same ? doc : doc.copy(Fragment.fromArray(kept))
  }

  private children(parent: Y.XmlFragment, depth: number): Reading {
    const nodes: Node[] = []
    let foreign: Foreign | null = null
    let mended = false
    for (const child of parent.toArray()) {
      const reading = this.reading(child as Shared, depth + 1)
      nodes.push(...reading.nodes)
      foreign ??= reading.foreign
      mended ||= reading.mended
    }
    return { nodes, foreign, mended }
  }

  private reading(type: Shared, depth: number): Reading {
    if (!(type instanceof Y.AbstractType)) return { ...NOTHING, foreign: { kind: 'node', name: 'value' } }
    let reading = this.readings.get(type)
    if (reading === undefined) {
      if (depth > MAX_DEPTH) reading = { ...NOTHING, foreign: { kind: 'depth', name: String(MAX_DEPTH) } }
      else if (type instanceof Y.XmlText) reading = this.text(type)
      else if (type instanceof Y.XmlElement) reading = this.element(type, depth)
      else reading = { ...NOTHING, foreign: { kind: 'node', name: 'hook' } }
      this.readings.set(type, reading)
    }
    return reading
  }

  private element(element: Y.XmlElement, depth: number): Reading {
    const children = this.children(element, depth)
    if (isSplit(element)) this.split.add(element)
    else this.split.delete(element)
    const type = this.schema.nodes[element.nodeName]
    if (type === undefined || type.isText || type === this.schema.topNodeType) {
      return { ...children, foreign: { kind: 'node', name: element.nodeName } }
    }
    const values = element.getAttributes() as Record<string, unknown>
    const bad = badAttributes(type.name, type.spec.attrs ?? {}, values)
    const attrs = Object.fromEntries(Object.entries(values).filter(([name]) => !bad.includes(name)))
    let foreign: Foreign | null = children.foreign
    if (bad[0] !== undefined) foreign ??= { kind: 'attribute', name: `${type.name}.${bad[0]}` }
    if (children.nodes.length === 0 && !type.contentMatch.validEnd && !KEPT.has(type.name)) {
      this.mapping.set(element, NOT_SHOWN)
      return { nodes: [], foreign, mended: true }
    }
    const fitted = this.fit(type, children.nodes)
    foreign ??= fitted.foreign
    let node = this.kept(element, type.create(attrs, fitted.nodes))
    let mended = children.mended || fitted.mended
    if (type.spec.tableRole === 'table') {
      const table = mendTable(node, (cell, siblings) => this.madeUp.set(cell, siblings))
      if (table === 'too large') foreign ??= { kind: 'content', name: table }
      if (table === null || table === 'too large') {
        this.mapping.set(element, NOT_SHOWN)
        return { nodes: [], foreign, mended: true }
      }
      if (table !== node) {
        mended = true
        node = this.mapTable(element, node, table)
      }
    }
    this.mapping.set(element, node)
    return { nodes: [node], foreign, mended }
  }

  /** The node that the page has already, when it is the same: views and decorations hang on identity. */
  private kept(element: Y.XmlElement, node: Node): Node {
    const before = this.mapping.get(element)
    return before !== undefined && !Array.isArray(before) && before.eq(node) ? before : node
  }

  private isShown(element: Y.XmlElement): boolean {
    const node = this.mapping.get(element)
    return node !== undefined && node !== NOT_SHOWN
  }

  /** The rows of a mended table are others than those that were read. */
  private mapTable(element: Y.XmlElement, read: Node, table: Node): Node {
    const shown: Node[] = []
    const rows = element.toArray().filter((row) => row instanceof Y.XmlElement && this.isShown(row))
    const oneToOne = rows.length === read.childCount && read.childCount === table.childCount
    table.forEach((row, _offset, index) => {
      const rowElement = rows[index] as Y.XmlElement
      const kept = oneToOne ? this.kept(rowElement, row) : row
      if (oneToOne) this.mapping.set(rowElement, kept)
      shown.push(kept)
    })
    return this.kept(element, table.copy(Fragment.fromArray(shown)))
  }

  /** `children` so that `type` can hold them. */
  private fit(type: NodeType, children: Node[]): Reading {
    const content: Node[] = []
    const fillers: Node[] = []
    let match = type.contentMatch
    let foreign: Foreign | null = null
    let mended = false

    const place = (child: Node): void => {
      const next = match.matchType(child.type)
      if (next) {
        match = next
        content.push(child)
        return
      }
      mended = true
      const last = content.at(-1)
      if (last && last.type === child.type && !child.isLeaf && !child.isText) {
        const joined = last.content.append(child.content)
        if (child.type.validContent(joined)) {
          content[content.length - 1] = last.copy(joined)
          return
        }
      }
      const before = match.fillBefore(Fragment.from(child))
      const after = before && match.matchFragment(before)?.matchType(child.type)
      if (before && after) {
        before.forEach((filler) => void fillers.push(filler))
        content.push(...before.content, child)
        match = after
        return
      }
      foreign ??= { kind: 'content', name: `${child.type.name} in ${type.name}` }
      const wrapping = match.findWrapping(child.type)
      if (wrapping && wrapping[0]?.spec.tableRole !== 'table') {
        // a table of it would not be mended
        const wrapped = wrapping.reduceRight((inner, wrapper) => wrapper.create(null, inner), child)
        const matched = match.matchType(wrapped.type)
        if (matched) {
          match = matched
          content.push(wrapped)
          return
        }
      }
      child.forEach(place)
    }

    for (const child of children) {
      const allowed = type.allowsMarks(child.marks) ? child.marks : type.allowedMarks(child.marks)
      if (allowed !== child.marks) foreign ??= { kind: 'content', name: `marks in ${type.name}` }
      place(child.mark(allowed))
    }
    const end = match.fillBefore(Fragment.empty, true)
    if (end?.childCount) {
      mended = true
      end.forEach((filler) => void fillers.push(filler))
      content.push(...end.content)
    }
    for (const filler of fillers) this.madeUp.set(filler, content.length)
    return { nodes: content, foreign, mended }
  }

  private text(text: Y.XmlText): Reading {
    let foreign: Foreign | null = null
    const nodes: Node[] = []
    for (const { insert, attributes } of text.toDelta() as Y.Delta) {
      if (typeof insert !== 'string') {
        foreign ??= { kind: 'node', name: 'embed' }
        continue
      }
      let marks: readonly Mark[] = []
      for (const name of Object.keys(attributes ?? {}).sort()) {
        const plain = HASHED.exec(name)?.[1] ?? name
        const type = this.schema.marks[plain]
        const attrs: unknown = attributes?.[name]
        const values = typeof attrs === 'object' && attrs !== null ? (attrs as Record<string, unknown>) : {}
        const bad = type === undefined ? [] : badAttributes(plain, type.spec.attrs ?? {}, values)
        if (type === undefined || bad.length > 0) {
          foreign ??= { kind: type === undefined ? 'mark' : 'attribute', name: [plain, ...bad].join('.') }
        } else {
          marks = type.create(values).addToSet(marks) // of two marks that exclude each other one goes
        }
      }
      if (insert !== '') nodes.push(this.schema.text(insert, marks))
    }
    this.mapping.set(text, nodes)
    return { nodes, foreign, mended: false }
  }
}

declare module 'yjs' {
  type Delta = { insert?: string | object; attributes?: Record<string, unknown> }[]
}
