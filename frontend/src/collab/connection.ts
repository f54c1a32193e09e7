/**
 * One wish to be connected, kept up over any number of sockets: opens, beats, notices silence, comes back.
 *
 * It knows frames and time, not documents. Follows docs/wire.md, rule 6 and "Close codes".
 */
import { BACKOFF_BASE_MS, BACKOFF_CAP_MS, backoff } from './backoff'
import type { Clock } from './clock'
import { Close, decode, encode, isFinal, type Message, restartSpread, SUBPROTOCOL, WireError } from './wire'

export const PING_AFTER_MS = 10_000
export const SILENCE_MS = 25_000
export const WAKE_REPLY_MS = 3_000
export const OPEN_WITHIN_MS = 10_000
/** A server that says "later" (1013, 4508) is given a longer first wait: the backoff starts at this attempt. */
const LATER_ATTEMPT = 4
/** After a planned restart another process takes over, or the same is soon back: for so many tries no wait is longer. */
export const RESTART_CAP_MS = 1_000
const RESTART_TRIES = 40
/** `WebSocket.CLOSING`: the server has said goodbye, its close event follows, and what is sent now is not. */
const CLOSING = 2

/** What is used of a WebSocket. */
export type Socket = Pick<
  WebSocket,
  'binaryType' | 'readyState' | 'onopen' | 'onmessage' | 'onclose' | 'onerror' | 'send' | 'close'
>

export type SocketMaker = new (url: string, protocols: string[]) => Socket

export interface ConnectionOptions {
  url: string
  WebSocket: SocketMaker
  clock: Clock
  random: () => number
  onOpen(): void
  onMessage(message: Message): void
  /** The socket is gone; `final` says that no other will follow. */
  onClose(code: number, final: boolean): void
}

export class Connection {
  private socket: Socket | null = null
  private isOpen = false
  private ended = false
  private attempt = 0
  private cap = BACKOFF_CAP_MS
  private capped = 0
  private heardAt = 0
  private frames = 0
  private nonce = 0
  private stopRetry = () => {}
  private stopPing = () => {}
  private stopWatch = () => {}

  constructor(private readonly options: ConnectionOptions) {}

  get open(): boolean {
    return this.isOpen
  }

  /** Opens the first socket; later ones follow by themselves until `end` or a final close. */
  connect(): void {
    if (this.ended || this.socket !== null) return
    this.stopRetry()
    const socket = new this.options.WebSocket(this.options.url, [SUBPROTOCOL])
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    socket.onopen = () => this.opened()
    socket.onmessage = (event) => this.heard(event.data)
    socket.onclose = (event) => this.lost(event.code)
    socket.onerror = () => {} // a close always follows
    this.watch(OPEN_WITHIN_MS, () => this.drop())
  }

  /** Sends one frame; says whether there was an open socket to send it to. */
  send(message: Message): boolean {
    if (!this.isOpen || this.socket === null || this.socket.readyState >= CLOSING) return false
    this.socket.send(encode(message) as Uint8Array<ArrayBuffer>)
    this.restPing()
    return true
  }

  /** The document is in step with the server: the next loss starts from the shortest wait again. */
  settled(): void {
    this.attempt = this.capped = 0
  }

  /** The network or the page is back: try at once, or make sure within 3 s that the open socket is alive. */
  wake(): void {
    if (this.ended) return
    if (this.socket === null) this.connect()
    else if (this.isOpen) {
      this.send({ type: 'ping', nonce: ++this.nonce })
      const frames = this.frames
      this.watch(WAKE_REPLY_MS, () => (this.frames > frames ? this.watchSilence() : this.drop()))
    }
  }

  /** Gives up the present socket, which may be dead without knowing, and comes back as after any loss. */
  drop(): void {
    if (this.socket !== null) this.lost(1006)
  }

  /** Leaves for good. */
  end(): void {
    this.ended = true
    this.stopRetry()
    this.forget()
  }

  private opened(): void {
    this.isOpen = true
    this.heardAt = this.options.clock.now()
    this.watchSilence()
    this.restPing()
    this.options.onOpen()
  }

  private heard(data: unknown): void {
    this.heardAt = this.options.clock.now()
    this.frames += 1
    let message: Message
    try {
      if (!(data instanceof ArrayBuffer)) throw new WireError('a text frame', 0)
      message = decode(new Uint8Array(data))
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      console.error('coscribe:', error.message)
      return this.lost(Close.BAD_MESSAGE)
    }
    if (message.type === 'ping') this.send({ type: 'pong', nonce: message.nonce })
    else if (message.type !== 'pong') this.options.onMessage(message)
  }

  private lost(code: number): void {
    this.forget()
    if (this.ended) return
    const final = isFinal(code)
    if (final) this.ended = true
    else this.retryLater(code)
    this.options.onClose(code, final)
  }

  private retryLater(code: number): void {
    if (code === Close.LATER || code === Close.STORE_DOWN) this.attempt = Math.max(this.attempt, LATER_ATTEMPT)
    const spread = restartSpread(code)
    if (spread >= 0) {
      this.attempt = spread
      this.cap = Math.max(RESTART_CAP_MS, BACKOFF_BASE_MS * 2 ** spread)
      this.capped = RESTART_TRIES
    }
    const cap = this.capped-- > 0 ? this.cap : BACKOFF_CAP_MS
    this.stopRetry()
    this.stopRetry = this.options.clock.after(backoff(this.attempt, this.options.random, cap), () => this.connect())
    this.attempt += 1
  }

  /** Lets go of the socket without waiting for a closing handshake that a dead network never finishes. */
  private forget(): void {
    this.stopPing()
    this.stopWatch()
    const socket = this.socket
    this.socket = null
    this.isOpen = false
    if (socket === null) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }

  private restPing(): void {
    this.stopPing()
    this.stopPing = this.options.clock.after(PING_AFTER_MS, () => this.send({ type: 'ping', nonce: ++this.nonce }))
  }

  private watchSilence(): void {
    const left = this.heardAt + SILENCE_MS - this.options.clock.now()
    if (left <= 0) this.drop()
    else this.watch(left, () => this.watchSilence())
  }

  private watch(ms: number, act: () => void): void {
    this.stopWatch()
    this.stopWatch = this.options.clock.after(ms, act)
  }
}
