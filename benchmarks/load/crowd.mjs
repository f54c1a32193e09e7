// What the generator can be told to do. Every method is an order of main.mjs; times are in ms.

import { writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import * as Y from 'yjs'
import { Client, Holdings } from './client.mjs'
import { Typist } from './edits.mjs'
import { cpuSeconds, quantiles, residentBytes, round } from './measure.mjs'
import { traceOf } from './trace.mjs'
import { type } from './typing.mjs'

const AT_ONCE = 50
const PATIENCE_MS = 60_000
const HEARTBEAT_MS = 15_000

export class Crowd {
  #people = []
  #ids = 1000 + Math.floor(Math.random() * 2 ** 30)

  /** Take these seats ({host, port, path, headers, document, dialect, typist, sampled}) and wait until all are synced. */
  async connect({ seats, atOnce = AT_ONCE }) {
    const took = []
    const came = seats.map((seat) => new Client(seat, { sampled: seat.sampled, client: this.#ids++ }))
    const cpu = process.cpuUsage()
    for (let start = 0; start < came.length; start += atOnce) {
      const some = came.slice(start, start + atOnce)
      took.push(...(await inTime(Promise.all(some.map((client) => client.connect())), 'syncing')))
    }
    this.#people.push(...came)
    await this.#settle(came.filter((client) => client.seat.typist))
    return { synced: quantiles(took), generatorCpuMs: cpuMs(cpu) }
  }

  /** Those who type put their paragraph into the document; wait until those who are sampled have it. */
  async #settle(typing) {
    for (const person of typing) {
      person.typist = new Typist(person.client)
      for (const update of person.typist.take()) {
        person.socket.send(person.dialect.push(update, ++person.typist.pushed, person.seat.document))
      }
    }
    const missing = () =>
      this.#people.some(
        (reader) =>
          reader.sampled &&
          typing.some(
            (person) =>
              person !== reader &&
              person.seat.document === reader.seat.document &&
              reader.holdings.below(person.client) < person.typist.clock,
          ),
      )
    for (const start = performance.now(); missing(); await wait(5)) {
      this.#alive()
      if (performance.now() - start > PATIENCE_MS) throw new Error('the paragraphs did not arrive')
    }
  }

  #alive() {
    const gone = this.#people.find((person) => person.closed)
    if (gone) throw new Error(`${gone.seat.path}: ${gone.closed}`)
  }

  /** typing.mjs */
  type(order) {
    return type(this.#people, order)
  }

  /** What is held and acknowledged, by Yjs client: {first letter's clock, pushed, seen by another, acknowledged}. */
  async seen() {
    const typing = this.#people.filter((person) => person.typist)
    const people = typing.map((person) => {
      const readers = this.#people.filter(
        (reader) => reader.sampled && reader !== person && reader.seat.document === person.seat.document,
      )
      return {
        client: person.client,
        seen: Math.max(0, ...readers.map((reader) => reader.holdings.below(person.client))),
        // The first push holds the paragraph, two structs; each other one letter. The echo to an author is an
        // acknowledgement only where the server says so.
        acknowledged: person.acknowledged ? person.acknowledged + 1 : person.holdings.below(person.client),
      }
    })
    return { people }
  }

  /** What somebody who comes now is given: clocks by Yjs client. `settleMs` is waited for content after the answer. */
  async holdings({ seat, settleMs = 1500 }) {
    const client = new Client(seat, { sampled: true, client: this.#ids++ })
    await inTime(client.connect(), 'syncing')
    await wait(settleMs)
    client.socket.close()
    return { clocks: Object.fromEntries(client.holdings.all()) }
  }

  /** Say who is here now, and every 15 s from now on. */
  async appear({ again = false }) {
    const some = this.#people.length
    this.#people.forEach((person, index) => {
      const delay = (HEARTBEAT_MS * index) / some
      if (again) setTimeout(() => setInterval(() => person.appear(), HEARTBEAT_MS), delay)
      else person.appear()
    })
    return {}
  }

  /** Memory and processor time of a server. */
  async weigh({ pids }) {
    return { bytes: residentBytes(pids), cpuSeconds: round(cpuSeconds(pids)), people: this.#people.length }
  }

  async rest({ ms }) {
    await wait(ms)
    return { closed: this.#people.filter((person) => person.closed).length }
  }

  /** All lose the network, and all come back at once. Whole: the answer to step 1, of at least `bytes`, has come. */
  async storm({ bytes, pids = [] }) {
    const seats = this.#people.map((person) => person.seat)
    for (const person of this.#people) person.socket.cut()
    const [cpu, own, start] = [cpuSeconds(pids), process.cpuUsage(), performance.now()]
    this.#people = seats.map((seat) => new Client(seat, { client: this.#ids++ }))
    const took = await inTime(
      Promise.all(this.#people.map((client) => opened(client, bytes).then(() => performance.now() - start))),
      'coming back',
    )
    return { whole: quantiles(took), serverCpuMs: round((cpuSeconds(pids) - cpu) * 1000), generatorCpuMs: cpuMs(own) }
  }

  /** Open the seats, all at once, and leave again. Whole: everything of `vector` ({client: clock}) is there. */
  async open({ seats, bytes, vector, stay = false, pids = [] }) {
    const cpu = cpuSeconds(pids)
    const clients = seats.map((seat) => new Client(seat, { client: this.#ids++ }))
    for (const client of clients) client.recording = true
    await inTime(Promise.all(clients.map((client) => opened(client, bytes))), 'opening')
    const server = round((cpuSeconds(pids) - cpu) * 1000)
    const whole = clients.map((client) => wholeAt(client, vector)) // decoded now, so that it is not measured
    const first = clients.map((client) => client.content[0][0] - client.started)
    if (stay) this.#people.push(...clients)
    else for (const client of clients) client.socket.close()
    for (const client of clients) {
      client.recording = false
      client.content = []
    }
    return { whole: quantiles(whole), firstAnswer: quantiles(first), serverCpuMs: server }
  }

  /** Make a trace of editing (trace.mjs), for `fill` and `open`. Returns what a holder of all of it has. */
  async trace({ operations, perUpdate, file = null }) {
    this.trace_ = traceOf({ operations, perUpdate, file })
    const { whole, vector, updates, letters } = this.trace_
    return { bytes: whole.length, vector, updates: updates.length, letters }
  }

  /** A document of about so many bytes; as a file too, if one is named. */
  async content({ bytes, file = null }) {
    const doc = new Y.Doc()
    doc.clientID = this.#ids++
    doc.transact(() => {
      const text = []
      for (let left = bytes; left > 0; left -= 1000) {
        const paragraph = new Y.XmlElement('paragraph')
        paragraph.push([new Y.XmlText('the harbour opens at six '.repeat(40).slice(0, Math.min(985, left)))])
        text.push(paragraph)
      }
      doc.getXmlFragment('default').push(text)
    })
    const whole = Y.encodeStateAsUpdate(doc)
    const vector = { [doc.clientID]: Y.getState(doc.store, doc.clientID) }
    this.trace_ = { whole, vector, updates: [whole] }
    if (file) writeFileSync(file, whole)
    return { bytes: whole.length, vector }
  }

  /** Push the trace or content into a document, in `updates` (as they were made) or as one; wait until a reader has it. */
  async fill({ writer, reader, asOne = false, window = 500 }) {
    const { whole, updates, vector } = this.trace_
    const [from, to] = [writer, reader].map((seat) => new Client(seat, { sampled: true, client: this.#ids++ }))
    await inTime(Promise.all([from.connect(), to.connect()]), 'syncing')
    const clients = Object.entries(vector)
    const holds = (which) => clients.every(([id, clock]) => which.holdings.below(Number(id)) >= clock)
    const parts = asOne ? [whole] : updates
    const start = performance.now()
    for (let number = 0; number < parts.length; number++) {
      from.socket.send(from.dialect.push(parts[number], number + 1, from.seat.document))
      if (number % window === window - 1) await wait(10)
      if (from.closed) throw new Error(from.closed)
    }
    while (!holds(to)) {
      if (performance.now() - start > PATIENCE_MS || to.closed) throw new Error(`the content did not arrive ${to.closed}`)
      await wait(10)
    }
    const took = performance.now() - start
    return { ms: round(took), stay: this.#people.push(from, to) }
  }

  /** Everybody leaves. */
  async leave() {
    for (const person of this.#people) if (!person.closed) person.socket.close()
    this.#people = []
    await wait(50)
    return {}
  }

  /** So many updates, a letter put in and taken out in turn: a long history of a short document. Hex, a line each, in a
   * file whose last line is the client's id. */
  async history({ rows, file }) {
    const typist = new Typist(this.#ids++)
    const lines = typist.take().map(hex)
    while (lines.length < rows) {
      typist.text.length ? typist.text.delete(0, 1) : typist.text.insert(0, 'x')
      lines.push(...typist.take().map(hex))
    }
    writeFileSync(file, `${[...lines, typist.client].join('\n')}\n`)
    return { vector: { [typist.client]: typist.clock }, bytes: Y.encodeStateAsUpdate(typist.doc).length }
  }
}

function hex(bytes) {
  return Buffer.from(bytes).toString('hex')
}

/** Connected, synced, and content of at least `bytes` received. */
async function opened(client, bytes) {
  let received = 0
  const enough = new Promise((resolve) => {
    client.onContent = (length) => {
      received += length
      if (received >= bytes) resolve()
    }
  })
  await client.connect()
  await enough
  client.onContent = null
}

/** ms from the start of the connection to the message with which everything was there. */
function wholeAt(client, vector) {
  const holdings = new Holdings()
  for (const [when, update] of client.content) {
    holdings.take(update)
    if (Object.entries(vector).every(([id, clock]) => holdings.below(Number(id)) >= clock)) return when - client.started
  }
  throw new Error(`the content was not whole after ${client.content.length} messages`)
}

function cpuMs(since) {
  const used = process.cpuUsage(since)
  return round((used.user + used.system) / 1000)
}

async function inTime(promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${PATIENCE_MS} ms`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
