/** A play server: sockets made of two queues, a script of answers, and a room that keeps the wire's rules. */
import * as Y from 'yjs'
import type { SocketMaker } from '../src/collab/connection'
import { decode, encode, type Message, mayWrite, type Role } from '../src/collab/wire'

/** One end of a socket, as the client sees it; the test holds the other end. */
export class PlaySocket {
  binaryType = ''
  onopen: ((event: unknown) => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  onerror: ((event: unknown) => void) | null = null
  closed = false
  /** What the client has sent on this socket. */
  heard: Message[] = []
  onHeard: (message: Message) => void = () => {}

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  send(frame: Uint8Array): void {
    const message = decode(frame)
    this.heard.push(message)
    this.onHeard(message)
  }

  close(): void {
    this.closed = true
  }

  open(): void {
    this.onopen?.({})
  }

  say(...messages: Message[]): void {
    for (const message of messages) this.sayBytes(encode(message))
  }

  sayBytes(frame: Uint8Array): void {
    this.onmessage?.({ data: frame.slice().buffer })
  }

  end(code: number): void {
    this.closed = true
    this.onclose?.({ code })
  }

  all<T extends Message['type']>(type: T): Extract<Message, { type: T }>[] {
    return this.heard.filter((message) => message.type === type) as Extract<Message, { type: T }>[]
  }
}

/** The sockets that a client has opened, the newest last; `Socket` is the constructor to inject. */
export class Sockets {
  readonly list: PlaySocket[] = []
  onSocket: (socket: PlaySocket) => void = () => {}
  readonly Socket: SocketMaker

  constructor() {
    const sockets = this
    this.Socket = class extends PlaySocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols)
        sockets.list.push(this)
        sockets.onSocket(this)
      }
    } as unknown as SocketMaker
  }

  get last(): PlaySocket {
    const socket = this.list.at(-1)
    if (socket === undefined) throw new Error('no socket was opened')
    return socket
  }
}

export const LIMITS = { messageBytes: 100_000, documentBytes: 1_000_000 }

export function hello(role: Role = 'editor', seq = 0, limits = LIMITS): Message {
  return { type: 'hello', role, seq, person: { id: '1', name: 'Ada', color: '#0f766e' }, limits, time: 5_000 }
}

export const EMPTY_VECTOR = Y.encodeStateVector(new Y.Doc())
export const EMPTY_UPDATE = Y.encodeStateAsUpdate(new Y.Doc())

/** A document on the play server, with its log, for any number of clients. */
export class PlayRoom {
  readonly doc = new Y.Doc()
  seq = 0
  /** Rows that were offered again are stored once: how often a batch brought nothing new. */
  repeats = 0
  private readonly seats = new Map<PlaySocket, Role>()

  /** Lets the client on this socket in. */
  admit(socket: PlaySocket, role: Role = 'editor'): void {
    socket.onHeard = (message) => this.hear(socket, message)
    this.seats.set(socket, role)
    socket.open()
    socket.say(hello(role, this.seq))
    if (mayWrite(role)) socket.say({ type: 'step1', vector: Y.encodeStateVector(this.doc) })
  }

  lose(socket: PlaySocket, code = 1006): void {
    this.seats.delete(socket)
    socket.end(code)
  }

  private hear(socket: PlaySocket, message: Message): void {
    if (message.type === 'step1') {
      socket.say({ type: 'state', seq: this.seq, update: Y.encodeStateAsUpdate(this.doc, message.vector) })
    } else if (message.type === 'push' || message.type === 'whole') {
      this.commit(message.update)
      socket.say({ type: 'ack', batch: message.batch, seq: this.seq, time: 6_000 })
    } else if (message.type === 'awareness') {
      for (const other of this.seats.keys()) if (other !== socket) other.say(message)
    }
  }

  private commit(update: Uint8Array): void {
    let news: Uint8Array | null = null
    const listen = (change: Uint8Array) => {
      news = change
    }
    this.doc.once('update', listen)
    Y.applyUpdate(this.doc, update)
    this.doc.off('update', listen)
    if (news === null) {
      this.repeats += 1
      return
    }
    this.seq += 1
    for (const seat of this.seats.keys()) seat.say({ type: 'delta', first: this.seq, last: this.seq, update: news })
  }
}
