// People type at a steady rate; how long until the sampled ones hold each letter, and what it cost.

import { setTimeout as wait } from 'node:timers/promises'
import { cpuSeconds, quantiles, round } from './measure.mjs'

const TICK_MS = 1
const PATIENCE_TO_SEND_MS = 20

/**
 * Types `rate` letters a second, all typists together, for `seconds`, and waits up to `drainSeconds` until everybody
 * sampled holds everything. `warm`: seconds at the start that are not counted. `kill`: {pid, after}: end that process
 * in the middle. Times are in ms.
 */
export async function type(people, order) {
  const { rate, seconds, warm = 0, cursors = false, drainSeconds = 10, pids = [], kill = null } = order
  const run = new Run(people, { rate, seconds, cursors })
  await wait(20) // garbage of the encoding is not the run's
  globalThis.gc?.()
  const cpu = { server: cpuSeconds(pids), own: process.cpuUsage() }
  const before = run.received()
  run.start(warm)
  if (kill) setTimeout(() => process.kill(kill.pid, 'SIGKILL'), kill.after * 1000)
  await run.typed
  const took = (performance.now() - run.began) / 1000
  const own = process.cpuUsage(cpu.own)
  const server = cpuSeconds(pids) - cpu.server
  const after = run.received()
  const drained = await run.drain(drainSeconds * 1000)
  run.end()
  const ownShare = (own.user + own.system) / 1e6 / took
  const lateness = quantiles(run.lateness)
  return {
    rate,
    sent: run.sent,
    sentPerSecond: round(run.sent / took),
    latency: quantiles(run.latencies),
    heldPerSecond: round(run.heldPerSecond(warm, seconds)),
    lost: run.missing(),
    drainedAfter: drained,
    closed: people.filter((person) => person.closed).map((person) => person.closed),
    serverCpu: round(server / took),
    serverCpuPerEdit: run.sent ? round((server * 1e6) / run.sent) : null,
    messagesPerSecond: round((after.frames - before.frames) / took),
    bytesPerSecond: Math.round((after.bytes - before.bytes) / took),
    generator: {
      cpu: round(ownShare),
      lateness,
      limit: ownShare > 0.9 || lateness.p95 > PATIENCE_TO_SEND_MS,
    },
  }
}

class Run {
  constructor(people, { rate, seconds, cursors }) {
    this.people = people
    this.sampled = people.filter((person) => person.sampled)
    this.seconds = seconds
    const typing = people.filter((person) => person.typist)
    const each = Math.round((rate * seconds) / typing.length)
    this.interval = (1000 * typing.length) / rate
    this.hands = typing.map((person, index) => ({
      person,
      first: person.typist.clock,
      ...person.typist.frames(each, { dialect: person.dialect, document: person.seat.document, cursors }),
      when: new Float64Array(each),
      next: 0,
      phase: (this.interval * index) / typing.length,
    }))
    this.byClient = new Map(this.hands.map((hand) => [hand.person.client, hand]))
    this.latencies = []
    this.lateness = []
    this.sent = 0
    this.held = 0
    this.heldAt = []
  }

  start(warm) {
    this.began = performance.now()
    this.counted = this.began + warm * 1000
    for (const person of this.sampled) {
      person.onGain = (client, from, to) => this.#gain(client, from, to)
    }
    this.typed = new Promise((resolve) => {
      const tick = () => {
        this.#send()
        if (this.hands.every((hand) => hand.next === hand.ends.length || hand.person.closed)) resolve()
        else setTimeout(tick, TICK_MS)
      }
      tick()
    })
  }

  #send() {
    const now = performance.now()
    for (const hand of this.hands) {
      const due = Math.min(hand.ends.length, Math.floor((now - this.began - hand.phase) / this.interval) + 1)
      if (due <= hand.next || hand.person.closed) continue
      const from = hand.next ? hand.ends[hand.next - 1] : 0
      hand.person.socket.write(hand.buffer.subarray(from, hand.ends[due - 1]))
      for (let i = hand.next; i < due; i++) hand.when[i] = now
      this.lateness.push(now - this.began - hand.phase - hand.next * this.interval)
      this.sent += due - hand.next
      hand.next = due
    }
  }

  #gain(client, from, to) {
    const hand = this.byClient.get(client)
    if (!hand) return
    const now = performance.now()
    for (let clock = Math.max(from, hand.first); clock < to; clock++) {
      const sent = hand.when[clock - hand.first]
      if (sent >= this.counted) this.latencies.push(now - sent)
    }
    this.heldAt.push([now, to - Math.max(from, hand.first)])
  }

  /** Letters a second that a sampled person received, on average, from the end of the warming to the end of the typing. */
  heldPerSecond(warm, seconds) {
    const [from, to] = [this.counted, this.began + seconds * 1000]
    let held = 0
    for (const [when, letters] of this.heldAt) if (when >= from && when < to) held += letters
    const rooms = new Map()
    for (const { seat } of this.sampled) rooms.set(seat.document, (rooms.get(seat.document) ?? 0) + 1)
    const perRoom = rooms.size ? this.sampled.length / rooms.size : 1
    return held / perRoom / (seconds - warm)
  }

  /** Letters that were sent and that somebody sampled of that document does not hold. */
  missing() {
    let missing = 0
    for (const hand of this.hands) {
      let least = hand.next
      for (const person of this.sampled) {
        if (person.seat.document !== hand.person.seat.document || person === hand.person) continue
        least = Math.min(least, Math.max(0, person.holdings.below(hand.person.client) - hand.first))
      }
      missing += hand.next - least
    }
    return missing
  }

  /** ms until nothing is missing; null when that did not come to be. */
  async drain(patience) {
    const start = performance.now()
    while (this.missing() > 0) {
      if (performance.now() - start > patience || this.sampled.every((person) => person.closed)) return null
      await wait(5)
    }
    return round(performance.now() - start)
  }

  received() {
    let frames = 0
    let bytes = 0
    for (const { socket } of this.people) {
      frames += socket.frames
      bytes += socket.bytes
    }
    return { frames, bytes }
  }

  end() {
    for (const person of this.sampled) person.onGain = null
  }
}
