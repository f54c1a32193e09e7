/** People who write one document with real editors, and a server that puts their updates in order. */
import { Editor } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { TableMap } from '@tiptap/pm/tables'
import * as Y from 'yjs'
import { editorExtensions } from '../../src/editor/extensions'
import { type Foreign, sharedText } from '../../src/editor/sync'
import { FRAGMENT } from '../../src/editor/view'
import type { Page } from '../../src/page'
import type { Chance } from './chance'

const PAGE = {
  document: { id: 'minutes', title: 'Minutes', starred: false },
  role: 'editor',
  person: { id: '1', name: 'Ada', color: '#123456' },
  socket: '/ws/',
  urls: {},
} as unknown as Page

const WIRE = Symbol('wire')

export class Writer {
  readonly doc = new Y.Doc()
  readonly editor: Editor
  foreign: Foreign | null = null
  /** Updates made here that the server does not have yet. */
  readonly sent: Uint8Array[] = []
  /** How far in the server's log this page is. */
  seen = 0
  /** How often something was written here. */
  writes = 0

  constructor(
    readonly name: string,
    clientID: number,
    { editable = true, state }: { editable?: boolean; state?: Uint8Array } = {},
  ) {
    this.doc.clientID = clientID
    if (state) Y.applyUpdate(this.doc, state, WIRE)
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === WIRE) return
      this.writes += 1
      this.sent.push(update)
    })
    this.editor = new Editor({
      element: document.createElement('div'),
      editable,
      injectCSS: false,
      extensions: [
        ...editorExtensions(PAGE),
        sharedText({
          fragment: this.doc.getXmlFragment(FRAGMENT),
          onForeign: (foreign) => {
            this.foreign = foreign
          },
        }),
      ],
    })
  }

  take(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, WIRE)
  }

  get json(): unknown {
    return this.editor.getJSON()
  }

  /** Throws when what is shown is not of the schema, or a table is no rectangle. */
  check(): void {
    const { doc } = this.editor.state
    doc.check()
    for (const table of tables(doc)) {
      const { problems } = TableMap.get(table)
      if (problems?.length) throw new Error(`a table with problems: ${JSON.stringify(problems)}`)
    }
  }

  leave(): void {
    this.editor.destroy()
    this.doc.destroy()
  }
}

export function tables(doc: Node): Node[] {
  const found: Node[] = []
  doc.descendants((node) => {
    if (node.type.spec.tableRole === 'table') found.push(node)
  })
  return found
}

/** The server's order: each update goes to everybody else, in the log's order, as late as chance has it. */
export class Company {
  readonly log: { author: Writer; update: Uint8Array }[] = []

  constructor(readonly writers: Writer[]) {}

  /** Some of what is under way arrives. */
  carry(chance: Chance): void {
    for (const writer of this.writers) {
      if (writer.sent.length > 0 && chance.next() < 0.5) this.accept(writer, 1 + chance.below(writer.sent.length))
      if (chance.next() < 0.5) this.deliver(writer, chance.below(4))
    }
  }

  /** Everything arrives; nobody may answer to what others wrote. */
  settle(): void {
    for (let round = 0; round < 5; round++) {
      for (const writer of this.writers) this.accept(writer, writer.sent.length)
      const writes = this.writers.map(({ writes }) => writes)
      for (const writer of this.writers) this.deliver(writer, this.log.length)
      if (this.writers.every(({ writes: now }, index) => now === writes[index])) return
    }
    throw new Error('the pages go on answering each other')
  }

  private accept(writer: Writer, count: number): void {
    const taken = writer.sent.splice(0, count)
    if (taken.length > 0) this.log.push({ author: writer, update: Y.mergeUpdates(taken) })
  }

  private deliver(writer: Writer, count: number): void {
    for (let left = count; left > 0 && writer.seen < this.log.length; left--) {
      const entry = this.log[writer.seen++]
      if (entry && entry.author !== writer) writer.take(entry.update)
    }
  }
}
