/**
 * The socket of the home page: says which lines are on the screen, hears how they are now (docs/wire.md).
 *
 * Whatever was missed while there was no socket is said again when there is one: the first WATCH is answered with
 * every line, and the list itself is read again.
 */
import { type Clock, wallClock } from '../collab/clock'
import { Connection, type SocketMaker } from '../collab/connection'
import type { Line, Message } from '../collab/wire'

export const WATCH_AFTER_MS = 150
/** The server's COLLAB_MAX_HOME_LINES. */
export const MAX_WATCHED = 200
export const OFFLINE_AFTER_MS = 2_000

export interface LiveOptions {
  url: string
  WebSocket: SocketMaker
  clock?: Clock
  random?: () => number
  onLines(lines: Line[], gone: string[]): void
  onAppeared(document: string): void
  /** The list may be another than the one that is shown. */
  onStale(): void
  onOffline(offline: boolean): void
  /** How many notices the person has not read. */
  onNotices?(unread: number): void
  /** No socket will follow: signed out. */
  onFinal(code: number): void
}

export class Live {
  private readonly connection: Connection
  private readonly clock: Clock
  private watched: string[] = []
  private stopWatch = () => {}
  private stopOffline = () => {}
  private lost = false

  constructor(private readonly options: LiveOptions) {
    this.clock = options.clock ?? wallClock
    this.connection = new Connection({
      url: options.url,
      WebSocket: options.WebSocket,
      clock: this.clock,
      random: options.random ?? Math.random,
      onOpen: () => this.opened(),
      onMessage: (message) => this.receive(message),
      onClose: (code, final) => this.closed(code, final),
    })
  }

  connect(): void {
    this.connection.connect()
  }

  /** The network or the page is back. */
  wake(): void {
    this.connection.wake()
  }

  /** These lines are on the screen, from the top. Said when the scrolling rests. */
  watch(documents: string[]): void {
    this.watched = documents.slice(0, MAX_WATCHED)
    this.stopWatch()
    this.stopWatch = this.clock.after(WATCH_AFTER_MS, () => this.say())
  }

  end(): void {
    this.stopWatch()
    this.stopOffline()
    this.connection.end()
  }

  private say(): void {
    this.connection.send({ type: 'watch', documents: this.watched })
  }

  private opened(): void {
    this.stopOffline()
    this.options.onOffline(false)
    this.say()
    if (this.lost) this.options.onStale()
    this.lost = false
  }

  private closed(code: number, final: boolean): void {
    this.lost = true
    if (final) return this.options.onFinal(code)
    this.stopOffline()
    this.stopOffline = this.clock.after(OFFLINE_AFTER_MS, () => this.options.onOffline(true))
  }

  private receive(message: Message): void {
    this.connection.settled()
    if (message.type === 'lines') this.options.onLines(message.lines, message.gone)
    else if (message.type === 'appeared') this.options.onAppeared(message.document)
    else if (message.type === 'stale') this.options.onStale()
    else if (message.type === 'notices') this.options.onNotices?.(message.unread)
  }
}
