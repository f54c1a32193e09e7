/** Time as an argument: what `collab` knows of clocks, so that a test can turn the hands. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `act` once after `ms`; the answer calls it off. */
  after(ms: number, act: () => void): () => void
}

export const wallClock: Clock = {
  now: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
}

/** Timers by name, so that none runs twice and none is left behind. */
export class Alarms {
  private readonly running = new Map<string, () => void>()
  private ended = false

  constructor(private readonly clock: Clock) {}

  /** Calls `act` after `ms`, in place of what was set under this name. */
  set(name: string, ms: number, act: () => void): void {
    this.stop(name)
    if (this.ended) return
    const stop = this.clock.after(ms, () => {
      this.running.delete(name)
      act()
    })
    this.running.set(name, stop)
  }

  /** As `set`, but what already runs under this name keeps its time. */
  start(name: string, ms: number, act: () => void): void {
    if (!this.running.has(name)) this.set(name, ms, act)
  }

  stop(name: string): void {
    this.running.get(name)?.()
    this.running.delete(name)
  }

  end(): void {
    this.ended = true
    for (const name of [...this.running.keys()]) this.stop(name)
  }
}
