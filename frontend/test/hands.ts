/** A clock whose hands the test turns. */
import type { Clock } from '../src/collab/clock'

export class Hands implements Clock {
  private time = 1_000_000
  private alarms: { at: number; act: () => void }[] = []

  now(): number {
    return this.time
  }

  after(ms: number, act: () => void): () => void {
    const alarm = { at: this.time + ms, act }
    this.alarms.push(alarm)
    return () => {
      this.alarms = this.alarms.filter((other) => other !== alarm)
    }
  }

  /** Lets `ms` pass; what is due meanwhile happens in its order, at its time. */
  turn(ms: number): void {
    const end = this.time + ms
    for (;;) {
      const next = this.alarms.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.alarms = this.alarms.filter((other) => other !== next)
      this.time = Math.max(this.time, next.at)
      next.act()
    }
    this.time = end
  }
}
