// One person's connection: it counts what comes, and if it is sampled it knows which letters it holds.

import * as Y from 'yjs'
import { dialects } from './dialects.mjs'
import { presence } from './edits.mjs'
import { WebSocket } from './websocket.mjs'

const EMPTY_VECTOR = new Uint8Array([0])

/** What somebody holds of each Yjs client: everything below a clock. Pieces that came early wait. */
export class Holdings {
  #next = new Map()
  #early = new Map()

  all() {
    return this.#next
  }

  below(client) {
    return this.#next.get(client) ?? 0
  }

  /** Take an update; `gained(client, from, to)` hears of what is new. */
  take(update, gained) {
    const { from, to } = Y.parseUpdateMeta(update)
    for (const [client, first] of from) this.#add(client, first, to.get(client), gained)
  }

  #add(client, first, last, gained) {
    const had = this.below(client)
    if (last <= had) return
    if (first > had) {
      const early = this.#early.get(client) ?? []
      early.push([first, last])
      this.#early.set(client, early)
      return
    }
    this.#next.set(client, last)
    gained?.(client, had, last)
    const early = this.#early.get(client)
    if (!early) return
    this.#early.delete(client)
    for (const [start, end] of early.sort((a, b) => a[0] - b[0])) this.#add(client, start, end, gained)
  }
}

/** A seat is {host, port, path, headers, document, dialect}: where somebody sits. */
export class Client {
  constructor(seat, { sampled = false, client = 0 } = {}) {
    this.seat = seat
    this.dialect = dialects[seat.dialect]
    this.sampled = sampled
    this.client = client
    this.holdings = new Holdings()
    this.acknowledged = 0
    this.closed = ''
    this.told = 0
    this.content = [] // [when, update] of every content message while it is recorded
    this.recording = false
    this.onContent = null
    this.onGain = null
    this.synced = new Promise((resolve, reject) => {
      this.resolveSynced = resolve
      this.rejectSynced = reject
    })
    this.synced.catch(() => {})
  }

  connect() {
    this.started = performance.now()
    this.socket = new WebSocket(this.seat, {
      protocol: this.dialect.protocol,
      onOpen: () => {
        for (const payload of this.dialect.greet(this.seat.document, EMPTY_VECTOR)) this.socket.send(payload)
      },
      onFrame: (payload) => this.#take(payload),
      onClose: (why) => {
        this.closed = why
        this.rejectSynced(new Error(`${this.seat.path}: ${why}`))
      },
    })
    return this.synced
  }

  /** Say who is here, as stock clients do when they come and every 15 s. */
  appear() {
    const state = { user: { name: 'Ada', color: '#30bced' } }
    this.socket.send(this.dialect.presence(presence(this.client, ++this.told, state), this.seat.document))
  }

  #take(payload) {
    // Until it has its content everybody reads everything; afterwards only who is sampled, or has to answer a PING.
    if (!this.sampled && this.isSynced && !this.onContent && payload[0] !== 72) return
    const told = this.dialect.read(payload)
    if (told.reply) this.socket.send(told.reply)
    this.acknowledged -= told.alsoAcknowledged // an answer, not an edit: its acknowledgement does not count
    if (told.kind === 'content') {
      if (this.recording) this.content.push([performance.now(), Buffer.from(told.update)])
      else if (this.sampled) this.holdings.take(told.update, this.onGain)
      if (told.synced && !this.isSynced) {
        this.isSynced = true
        this.resolveSynced(performance.now() - this.started)
      }
      this.onContent?.(told.update.length)
    } else if (told.kind === 'ack') this.acknowledged = Math.max(told.upTo, this.acknowledged + told.count)
    else if (told.kind === 'refused') this.refused = true
  }
}
