/**
 * Joins a Y.Doc and its awareness to the room on the server, over a `Connection`, in the words of docs/wire.md.
 *
 * What is typed is gathered for 30 ms, numbered, sent, and counted as unsaved until it is acknowledged. Whatever looks
 * wrong (a gap in the sequence, a pending struct, an answer that does not come) ends in a resync, never in a stall.
 */
import { ObservableV2 } from 'lib0/observable'
import type { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Alarms, type Clock, wallClock } from './clock'
import { Connection, type SocketMaker } from './connection'
import { Outgoing } from './outgoing'
import { Presence } from './presence'
import { type Event, initialStatus, reduce, type Status, type Trouble } from './status'
import type { Note, UnsavedNotes } from './unsaved'
import { Close, type Limits, type Message, mayWrite, type Receipt, type Role, restartSpread } from './wire'

export const BATCH_MS = 30
/** After a refusal for size, how long the typing must rest before the document is offered again. */
export const RETRY_WHOLE_MS = 2_000
/** A step 1 that is not answered, or a batch that is not acknowledged, for this long ends the socket. */
export const STATE_WITHIN_MS = 20_000
export const ACK_WITHIN_MS = 60_000
/** After a demotion, how long batches under way may still be acknowledged or refused. */
export const SETTLE_MS = 2_000
const NOTE_MS = 500
const RESYNCS_IN_VAIN = 3
/** Type, batch number and length in front of an update, at most. */
const FRAME_OVERHEAD_BYTES = 24

export interface ProviderOptions {
  url: string
  doc: Y.Doc
  awareness: Awareness
  role: Role
  notes: UnsavedNotes
  /** What `notes.adopt()` found: unsaved edits of earlier pages, in the local copy now. */
  adopted: Note[]
  /** The origin of updates that come from this device's storage. */
  copy: unknown
  /** Whether this device's storage takes the edits. */
  kept: boolean
  online: boolean
  WebSocket: SocketMaker
  clock?: Clock
  random?: () => number
}

/** Why edits of this person will not reach the server. */
export type Loss = 'access' | 'diverged'

type State = Extract<Message, { type: 'state' }>
type Delta = Extract<Message, { type: 'delta' }>

export type ProviderEvents = {
  status: (status: Status) => void
  role: (role: Role) => void
  /** The document is called this now. */
  title: (title: string) => void
  /** What a change of access did, which this person or another owner made. */
  receipt: (receipt: Receipt) => void
  /** How many notices this person has not read. */
  notices: (unread: number) => void
  /** Edits are lost to the server: show them to their author, then begin again with a fresh document. */
  lost: (why: Loss) => void
  /** The socket is closed for good. */
  final: (code: number) => void
}

export class Provider extends ObservableV2<ProviderEvents> {
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly presence: Presence
  readonly connection: Connection
  status: Status
  limits: Limits | null = null

  private readonly clock: Clock
  private readonly alarms: Alarms
  private readonly notes: UnsavedNotes
  private readonly copy: unknown
  private readonly outgoing: Outgoing
  private adopted: Note[]

  private seq = 0
  private wentBack?: boolean // a backup was restored: the server may lack deletions, which no state vector tells of
  /** A step 1 is not yet answered: deltas until then are part of the answer. */
  private asking = false
  private vainResyncs = 0
  /** The server's step 1 is answered: PUSHes may follow. */
  private ready = false
  private serverVector: Uint8Array | null = null
  /** Own structs below this clock are on the server. */
  private savedClock = 0
  private stray = false
  /** What the server said of the text since `hold`, in its order. */
  private held: (State | Delta)[] | null = null
  private settling = false
  private isLost = false

  constructor(options: ProviderOptions) {
    super()
    this.clock = options.clock ?? wallClock
    this.alarms = new Alarms(this.clock)
    this.doc = options.doc
    this.awareness = options.awareness
    this.notes = options.notes
    this.copy = options.copy
    this.adopted = options.adopted
    this.outgoing = new Outgoing(countOf(this.adopted), this.clock.now())
    this.status = initialStatus(options.role, options.online, this.clock.now())
    this.connection = new Connection({
      url: options.url,
      WebSocket: options.WebSocket,
      clock: this.clock,
      random: options.random ?? Math.random,
      onOpen: () => this.opened(),
      onMessage: (message) => this.receive(message),
      onClose: (code, final) => this.closed(code, final),
    })
    this.presence = new Presence(this.awareness, this.clock, (update) =>
      this.connection.send({ type: 'awareness', update }),
    )
    this.update({ type: 'kept', kept: options.kept })
    this.count()
    this.doc.on('update', this.onDocUpdate)
  }

  get role(): Role {
    return this.status.role
  }

  connect(): void {
    this.connection.connect()
  }

  /** The page is visible again. */
  wake(): void {
    this.connection.wake()
  }

  /** The browser's own word on the network changed. */
  network(online: boolean): void {
    this.update({ type: 'network', online, now: this.clock.now() })
    this.wake() // without a network too: the open socket is dead then, which only an unanswered ping tells
  }

  /** This device's storage no longer takes the edits. */
  unkept(): void {
    this.update({ type: 'kept', kept: false })
  }

  /** Sends and notes now what is gathered: before the page is left, nothing may wait for a timer. */
  flush(): void {
    this.push()
    this.writeNote()
  }

  /** From now on the text of others waits: it must not change under a word that is being composed. */
  hold(): void {
    this.held ??= []
  }

  /** Takes in what waited. */
  release(): void {
    const waited = this.held ?? []
    this.held = null
    for (const message of waited) this.receive(message)
  }

  /** What of this document is not known to be on the server, as ranges of Yjs clients' clocks. */
  unsavedRanges(): Note[] {
    return [...this.adopted, { client: this.doc.clientID, clock: this.savedClock, count: this.status.unsaved }]
  }

  override destroy(): void {
    this.held = null
    this.connection.end()
    this.alarms.end()
    this.presence.end()
    this.doc.off('update', this.onDocUpdate)
    super.destroy()
  }

  // The socket

  private opened(): void {
    this.outgoing.renumber()
    this.ready = false
    this.serverVector = null
    this.connection.send({ type: 'query' })
    this.ask()
    this.presence.connected()
  }

  private closed(code: number, final: boolean): void {
    this.asking = false
    this.ready = false
    if (this.held !== null) this.held = [] // the next step 1 asks for it again
    this.alarms.stop('state')
    this.alarms.stop('ack')
    const planned = restartSpread(code) >= 0
    this.update({ type: 'lost', now: this.clock.now(), planned })
    this.presence.disconnected(planned)
    this.writeNote()
    if (!final) return
    if (code === Close.BAD_MESSAGE) this.trouble('protocol')
    if (code === Close.TOO_BIG) this.trouble('size')
    if (code === Close.DIVERGED) this.lose('diverged')
    else this.emit('final', [code])
  }

  private receive(message: Message): void {
    switch (message.type) {
      case 'hello':
        this.limits = message.limits
        this.wentBack = message.restored || message.seq < this.seq
        return this.setRole(message.role)
      case 'step1':
        return this.answer(message.vector)
      case 'state':
      case 'delta':
        if (this.held !== null) {
          if (message.type === 'state') this.alarms.stop('state')
          return void this.held.push(message)
        }
        if (message.type === 'state') return this.takeState(message.seq, message.update)
        return this.takeDelta(message.first, message.last, message.update)
      case 'awareness':
        return this.presence.receive(message.update)
      case 'ack':
        return this.acknowledged(message.batch, message.seq, message.time)
      case 'refused':
        return this.refused(message.code)
      case 'access':
        return this.setRole(message.role)
      case 'title':
        return this.emit('title', [message.title])
      case 'notices':
        return this.emit('notices', [message.unread])
      case 'receipt':
        return this.emit('receipt', [message])
      default: // the rest is said by clients, or by servers of plain y-protocols
    }
  }

  // From the server

  /** Asks for what this document lacks. */
  private ask(): void {
    this.asking = true
    this.connection.send({ type: 'step1', vector: Y.encodeStateVector(this.doc) })
    this.alarms.set('state', STATE_WITHIN_MS, () => this.connection.drop())
  }

  private takeState(seq: number, update: Uint8Array): void {
    this.asking = false
    this.alarms.stop('state')
    this.seq = seq
    if (!this.integrate(update)) return
    this.vainResyncs = 0
    this.connection.settled()
    this.update({ type: 'synced', seq })
    if (mayWrite(this.role) && this.serverVector === null) this.openWay()
    this.push()
  }

  private takeDelta(first: number, last: number, update: Uint8Array): void {
    if (this.asking || last <= this.seq) return
    if (first > this.seq + 1) return this.ask()
    this.seq = last
    if (this.integrate(update)) this.update({ type: 'moved', seq: last })
  }

  /** Applies an update of the server; one that leaves something pending leads to a resync, and is answered `false`. */
  private integrate(update: Uint8Array): boolean {
    Y.applyUpdate(this.doc, update, this)
    if (this.doc.store.pendingStructs === null && this.doc.store.pendingDs === null) return true
    this.vainResyncs += 1
    if (this.vainResyncs > RESYNCS_IN_VAIN) this.lose('diverged')
    else this.ask()
    return false
  }

  /** Answers the server's step 1 with all that it lacks, which opens the way for what comes after. */
  private answer(vector: Uint8Array): void {
    if (!mayWrite(this.role)) return
    this.serverVector = vector
    this.whole()
  }

  private acknowledged(batch: number, seq: number, time: number): void {
    this.savedClock = Math.max(this.savedClock, this.outgoing.acknowledge(batch) ?? 0)
    this.alarms.stop('ack')
    if (this.outgoing.waitsForAck) this.expectAck()
    this.count()
    if (this.outgoing.count === 0) this.allSaved()
    else this.writeNote()
    this.update({ type: 'acknowledged', seq, time })
    if (this.settling && !this.outgoing.waitsForAck) this.settle()
  }

  private allSaved(): void {
    this.notes.clear(this.doc.clientID)
    this.adopted = []
    if (this.status.trouble === 'full' || this.status.trouble === 'size') this.trouble(null)
  }

  private refused(code: string): void {
    if (code === 'access') return this.lose('access')
    this.outgoing.takeBack()
    this.alarms.stop('ack')
    this.count()
    this.trouble(code === 'full' ? 'full' : 'invalid')
  }

  // Rights

  private setRole(role: Role): void {
    const wrote = mayWrite(this.role)
    this.update({ type: 'role', role })
    this.emit('role', [role])
    if (wrote && !mayWrite(role)) this.demoted()
    else if (!wrote && mayWrite(role)) this.promoted()
    else if (!mayWrite(role) && this.outgoing.count > 0 && !this.settling) this.lose('access')
  }

  /** Nothing leaves any more; what is under way may still be acknowledged, the rest is lost to the server. */
  private demoted(): void {
    this.ready = false
    this.serverVector = null
    if (this.outgoing.count === 0) return
    if (!this.outgoing.waitsForAck) return this.lose('access')
    this.settling = true
    this.alarms.set('settle', SETTLE_MS, () => this.lose('access'))
  }

  private settle(): void {
    this.settling = false
    this.alarms.stop('settle')
    if (this.outgoing.count > 0) this.lose('access')
  }

  private promoted(): void {
    this.settling = false
    this.alarms.stop('settle')
    if (this.stray) this.lose('diverged')
    else if (this.status.synced) this.openWay()
  }

  /** A writer whom the server does not ask with a step 1, for he became one later: what is here came from the server. */
  private openWay(): void {
    const clean = this.outgoing.count === 0
    this.serverVector = clean ? Y.encodeStateVector(this.doc) : Y.encodeStateVector(new Y.Doc())
    if (clean) this.ready = true
    else this.whole()
  }

  private lose(why: Loss): void {
    if (this.isLost) return
    this.isLost = true
    this.ready = false
    this.alarms.stop('settle')
    this.emit('lost', [why])
  }

  // To the server

  private readonly onDocUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this || origin === this.copy || this.isLost) return
    if (!mayWrite(this.role)) {
      this.stray = true // the editor mended what it could not show; a reader's page must not send that
      return
    }
    const first = this.outgoing.count === 0
    this.outgoing.gather(update, this.clock.now())
    this.count()
    if (first) this.writeNote()
    else this.alarms.start('note', NOTE_MS, () => this.writeNote())
    if (this.blocked) this.alarms.set('whole', RETRY_WHOLE_MS, () => this.whole())
    else this.alarms.start('batch', BATCH_MS, () => this.push())
  }

  /** After a refusal there is a hole in what the server has: only a WHOLE can close it. */
  private get blocked(): boolean {
    return this.status.trouble !== null
  }

  private push(): void {
    this.alarms.stop('batch')
    if (!this.ready || this.blocked || !this.connection.open) return
    const update = this.outgoing.merged()
    if (update === null) return
    if (this.tooBig(update)) return this.trouble('size')
    this.connection.send({ type: 'push', batch: this.outgoing.push(this.ownClock(), this.clock.now()), update })
    this.sent()
  }

  private whole(): void {
    this.alarms.stop('whole')
    if (this.serverVector === null || !this.connection.open || !mayWrite(this.role) || this.isLost) return
    this.ready = true
    const update = this.blocked
      ? withoutDeleted(this.doc, this.serverVector)
      : Y.encodeStateAsUpdate(this.doc, this.serverVector)
    if (this.outgoing.count === 0 && !this.wentBack && Y.decodeUpdate(update).structs.length === 0) return
    if (this.tooBig(update)) return this.trouble('size')
    this.connection.send({ type: 'whole', batch: this.outgoing.whole(this.ownClock(), this.clock.now()), update })
    this.sent()
  }

  private sent(): void {
    this.count()
    this.expectAck()
  }

  private expectAck(): void {
    this.alarms.start('ack', ACK_WITHIN_MS, () => this.connection.drop())
  }

  private tooBig(update: Uint8Array): boolean {
    return this.limits !== null && update.length + FRAME_OVERHEAD_BYTES > this.limits.messageBytes
  }

  private ownClock(): number {
    return Y.getState(this.doc.store, this.doc.clientID)
  }

  // What is unsaved

  private count(): void {
    this.update({ type: 'unsaved', count: this.outgoing.count, since: this.outgoing.since })
  }

  private writeNote(): void {
    this.alarms.stop('note')
    const count = this.outgoing.count - countOf(this.adopted)
    if (count > 0 && !this.isLost) this.notes.write({ client: this.doc.clientID, clock: this.savedClock, count })
  }

  private trouble(trouble: Trouble | null): void {
    this.update({ type: 'trouble', trouble })
  }

  private update(event: Event): void {
    this.status = reduce(this.status, event)
    this.emit('status', [this.status])
  }
}

/**
 * What a doc with this state vector lacks, without the content of what is deleted.
 *
 * The undo history keeps deleted content alive in the local doc, so that deleting text would not make it smaller.
 */
function withoutDeleted(doc: Y.Doc, vector: Uint8Array): Uint8Array {
  const clone = new Y.Doc()
  Y.applyUpdate(clone, Y.encodeStateAsUpdate(doc))
  const update = Y.encodeStateAsUpdate(clone, vector)
  clone.destroy()
  return update
}

const countOf = (notes: Note[]): number => notes.reduce((sum, note) => sum + note.count, 0)
