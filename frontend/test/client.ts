/** A person's page without a browser: a provider over play sockets. */
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { type Loss, Provider } from '../src/collab/provider'
import { saveWord, type WordState } from '../src/collab/status'
import { type Note, type NoteStore, UnsavedNotes } from '../src/collab/unsaved'
import type { Role } from '../src/collab/wire'
import { Hands } from './hands'
import { EMPTY_UPDATE, EMPTY_VECTOR, hello, type PlaySocket, Sockets } from './server'

const COPY = Symbol('copy')

/** Local storage in memory. */
export class Drawer implements NoteStore {
  private readonly items = new Map<string, string>()
  get length(): number {
    return this.items.size
  }
  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null
  }
  getItem(key: string): string | null {
    return this.items.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value)
  }
  removeItem(key: string): void {
    this.items.delete(key)
  }
}

interface ClientOptions {
  role?: Role
  hands?: Hands
  drawer?: Drawer
  /** What this device's copy holds. */
  copy?: Uint8Array
  random?: () => number
}

export class Client {
  readonly hands: Hands
  readonly sockets = new Sockets()
  readonly doc = new Y.Doc()
  readonly awareness = new Awareness(this.doc)
  readonly provider: Provider
  readonly notes: UnsavedNotes
  readonly adopted: Note[]
  readonly losses: Loss[] = []
  readonly finals: number[] = []

  constructor({
    role = 'editor',
    hands = new Hands(),
    drawer = new Drawer(),
    copy,
    random = () => 0.5,
  }: ClientOptions = {}) {
    this.hands = hands
    this.notes = new UnsavedNotes(drawer, '1', 'minutes')
    this.adopted = this.notes.adopt()
    if (copy) Y.applyUpdate(this.doc, copy, COPY)
    this.provider = new Provider({
      url: 'ws://test/ws/documents/minutes/',
      doc: this.doc,
      awareness: this.awareness,
      role,
      notes: this.notes,
      adopted: this.adopted,
      copy: COPY,
      kept: true,
      online: true,
      WebSocket: this.sockets.Socket,
      clock: hands,
      random,
    })
    this.provider.on('lost', (why) => this.losses.push(why))
    this.provider.on('final', (code) => this.finals.push(code))
  }

  get socket(): PlaySocket {
    return this.sockets.last
  }

  get text(): string {
    return this.body.toString()
  }

  get word(): WordState {
    return saveWord(this.provider.status, this.hands.now()).state
  }

  private get body(): Y.Text {
    return this.doc.getText('body')
  }

  type(text: string, at = this.body.length): void {
    this.body.insert(at, text)
  }

  erase(at: number, length: number): void {
    this.body.delete(at, length)
  }

  /** Connects and lets the play server answer up to synced, with this state of the document. */
  join({ role = 'editor' as Role, seq = 0, state = EMPTY_UPDATE, vector = EMPTY_VECTOR } = {}): this {
    if (this.sockets.list.length === 0) this.provider.connect()
    this.socket.open()
    this.socket.say(hello(role, seq))
    if (role === 'editor' || role === 'owner') this.socket.say({ type: 'step1', vector })
    this.socket.say({ type: 'state', seq, update: state })
    return this
  }

  leave(): void {
    this.provider.destroy()
    this.awareness.destroy()
  }
}

/** What a document holds after these updates. */
export function textAfter(...updates: Uint8Array[]): string {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc.getText('body').toString()
}

/** An update of somebody else that writes `text`, and the doc it came from. */
export function someone(text: string, base: Uint8Array = EMPTY_UPDATE): { doc: Y.Doc; update: Uint8Array } {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, base)
  const before = Y.encodeStateVector(doc)
  doc.getText('body').insert(doc.getText('body').length, text)
  return { doc, update: Y.encodeStateAsUpdate(doc, before) }
}
