/**
 * The way of local edits to the server, as bookkeeping; pure.
 *
 * An edit is *gathered*, then *under way* in a numbered batch, then acknowledged and gone from here. What a socket took
 * with it when it died, or what may not be sent as it is, is *backlog*, and goes with the next WHOLE.
 */
import * as Y from 'yjs'

interface Batch {
  number: number
  /** The author's own clock after this batch. */
  clock: number
  count: number
  since: number
}

export class Outgoing {
  private gathered: Uint8Array[] = []
  private gatheredSince: number | null = null
  private underWay: Batch[] = []
  private number = 0
  private backlog: number
  private backlogSince: number | null

  /** `backlog` edits of earlier pages are waiting since `now`. */
  constructor(backlog: number, now: number) {
    this.backlog = backlog
    this.backlogSince = backlog > 0 ? now : null
  }

  /** Edits that are not acknowledged. */
  get count(): number {
    return this.backlog + this.countUnderWay + this.gathered.length
  }

  /** Since when the oldest of them waits. */
  get since(): number | null {
    return this.backlogSince ?? this.underWay[0]?.since ?? this.gatheredSince
  }

  get waitsForAck(): boolean {
    return this.underWay.length > 0
  }

  gather(update: Uint8Array, now: number): void {
    this.gathered.push(update)
    this.gatheredSince ??= now
  }

  /** The gathered edits as one update; null when there are none. */
  merged(): Uint8Array | null {
    if (this.gathered.length === 0) return null
    return this.gathered.length === 1 && this.gathered[0] ? this.gathered[0] : Y.mergeUpdates(this.gathered)
  }

  /** Numbers the gathered edits as the next batch: they are being sent now, as a PUSH. */
  push(clock: number, now: number): number {
    return this.depart(this.gathered.length, this.gatheredSince ?? now, clock)
  }

  /** Numbers everything as the next batch: it is being sent now, as a WHOLE. */
  whole(clock: number, now: number): number {
    this.takeBack()
    const number = this.depart(Math.max(this.backlog, 1), this.backlogSince ?? now, clock)
    this.backlog = 0
    this.backlogSince = null
    return number
  }

  /** Batches up to this one are committed; answers the own clock that is thereby on the server, null if none was. */
  acknowledge(number: number): number | null {
    let clock: number | null = null
    while (this.underWay[0] !== undefined && this.underWay[0].number <= number) {
      clock = this.underWay.shift()?.clock ?? null
    }
    return clock
  }

  /** Nothing is under way any more: everything is backlog. */
  takeBack(): void {
    const since = this.since
    this.backlog = this.count
    this.backlogSince = this.backlog > 0 ? since : null
    this.underWay = []
    this.gathered = []
    this.gatheredSince = null
  }

  /** A new socket: batches are numbered from 1 again. */
  renumber(): void {
    this.takeBack()
    this.number = 0
  }

  private get countUnderWay(): number {
    return this.underWay.reduce((sum, batch) => sum + batch.count, 0)
  }

  private depart(count: number, since: number, clock: number): number {
    this.number += 1
    this.underWay.push({ number: this.number, clock, count, since })
    this.gathered = []
    this.gatheredSince = null
    return this.number
  }
}
