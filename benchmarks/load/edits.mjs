// Real Yjs updates, encoded before the run: each person types one letter after the other into a paragraph of their own.

import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { frame } from './websocket.mjs'

const LETTERS = 'etaoin shrdlu '

/** One who types. `clock` is that of the next letter; letters have consecutive clocks. */
export class Typist {
  constructor(client) {
    this.doc = new Y.Doc()
    this.doc.clientID = client
    this.client = client
    this.updates = []
    this.pushed = 0
    this.told = 0
    this.doc.on('update', (update) => this.updates.push(update))
    this.doc.transact(() => {
      this.text = new Y.XmlText()
      const paragraph = new Y.XmlElement('paragraph')
      this.doc.getXmlFragment('default').push([paragraph])
      paragraph.push([this.text])
    })
    this.length = 0
  }

  get clock() {
    return Y.getState(this.doc.store, this.client)
  }

  /** The updates since the last call: the paragraph itself the first time. */
  take() {
    const taken = this.updates
    this.updates = []
    return taken
  }

  /** `count` letters as updates. */
  type(count) {
    for (let i = 0; i < count; i++) {
      this.text.insert(this.length, LETTERS[this.length % LETTERS.length])
      this.length++
    }
    return this.take()
  }

  /** The same as frames in one buffer: letter i ends at `ends[i]`, with a caret after each if asked for. */
  frames(count, { dialect, document, cursors }) {
    const parts = []
    const ends = new Uint32Array(count)
    let clock = this.clock
    let end = 0
    const add = (payload) => {
      const made = frame(payload)
      parts.push(made)
      end += made.length
    }
    this.type(count).forEach((update, i) => {
      add(dialect.push(update, ++this.pushed, document))
      if (cursors) add(dialect.presence(this.caret(clock++), document))
      ends[i] = end
    })
    return { buffer: Buffer.concat(parts), ends }
  }

  /** An awareness update as y-prosemirror makes it. */
  caret(clock) {
    const place = { type: null, tname: null, item: { client: this.client, clock: Math.max(0, clock) }, assoc: 0 }
    return presence(this.client, ++this.told, { user: USER, cursor: { anchor: place, head: place } })
  }
}

const USER = { name: 'Ada', color: '#30bced' }

/** An awareness update of one client. y-protocols, awareness.js */
export function presence(client, clock, state) {
  const to = encoding.createEncoder()
  encoding.writeVarUint(to, 1)
  encoding.writeVarUint(to, client)
  encoding.writeVarUint(to, clock)
  encoding.writeVarString(to, JSON.stringify(state))
  return encoding.toUint8Array(to)
}
