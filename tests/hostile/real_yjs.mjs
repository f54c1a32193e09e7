/**
 * Real Yjs 13 clients edit at random; every update that the server would get goes out as a line of JSON, with what Yjs itself says of
 * it: {"update": base64, "spans": [[client, first, end]], "state": base64, "holes": boolean}. `node real_yjs.mjs SEED SESSIONS`.
 */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(fileURLToPath(new URL('../interop/package.json', import.meta.url)))
const Y = require('yjs')

let seed = Number(process.argv[2]) >>> 0
const random = () => {
  seed = (seed + 0x6d2b79f5) >>> 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const below = (n) => Math.floor(random() * n)
const pick = (list) => list[below(list.length)]
const WORDS = ['a', 'hello ', 'äöü', '😀', '👩‍👩‍👧', '\u2028', 'x'.repeat(50)]
const VALUES = [null, undefined, true, 0, -1, 63, 64, -64, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53, 1.5, -0, 1e300, NaN, Infinity, '', 'text', [],
  [1, [2]], {}, { a: { b: [null] } }, new Uint8Array([0, 255]), 10n, '\ud800']

const LISTED = VALUES.filter((value) => value !== undefined && typeof value !== 'bigint') // Yjs takes those in maps only

// Between the halves of a surrogate pair no honest editor puts the caret.
const place = (text) => {
  const whole = text.toString()
  let at = below(text.length + 1)
  if (at > 0 && at < whole.length && /[\udc00-\udfff]/.test(whole[at]) && /[\ud800-\udbff]/.test(whole[at - 1])) at += 1
  return at
}

const acts = {
  type: (p) => p.text.insert(place(p.text), pick(WORDS)),
  erase: (p) => { const [a, b] = [place(p.text), place(p.text)].sort((x, y) => x - y); p.text.delete(a, b - a) },
  format: (p) => { const [a, b] = [place(p.text), place(p.text)].sort((x, y) => x - y); p.text.format(a, b - a, pick([{ bold: true }, { bold: null }, { link: { href: 'x' } }])) },
  set: (p) => p.map.set(pick(['a', 'b', 'c']), pick([...VALUES, new Y.Text('t'), new Y.Map([['k', 1]]), new Y.Array()])),
  unset: (p) => p.map.delete(pick(['a', 'b', 'c'])),
  push: (p) => p.array.insert(below(p.array.length + 1), [pick(LISTED), pick(LISTED)]),
  pull: (p) => { if (p.array.length) p.array.delete(below(p.array.length), 1) },
  grow: (p) => {
    let at = p.xml
    while (at.length && random() < 0.6) { const inner = pick(at.toArray()); if (!(inner instanceof Y.XmlElement)) break; at = inner }
    const made = pick([new Y.XmlElement('p'), new Y.XmlElement('li'), new Y.XmlText('words')])
    at.insert(below(at.length + 1), [made])
    if (made instanceof Y.XmlElement) made.setAttribute('id', pick(WORDS))
  },
  prune: (p) => { if (p.xml.length) p.xml.delete(below(p.xml.length), 1) },
  subDocument: (p) => p.map.set('doc', new Y.Doc({ meta: { a: 1 }, autoLoad: random() < 0.5 })),
  undo: (p) => p.undo.undo(),
  redo: (p) => p.undo.redo(),
  many: (p) => p.doc.transact(() => { for (let n = 0; n < 4; n += 1) acts[pick(['type', 'set', 'push', 'grow', 'erase'])](p) }),
}

function session() {
  const server = new Y.Doc()
  const people = [0, 1, 2].map((n) => {
    const doc = new Y.Doc({ gc: n !== 2 })
    doc.clientID = 1 + below(2 ** 32 - 1)
    const person = { doc, text: doc.getText('text'), map: doc.getMap('map'), array: doc.getArray('array'), xml: doc.getXmlFragment('xml'), waiting: [] }
    person.undo = new Y.UndoManager([person.text, person.map, person.array], { captureTimeout: 0 })
    doc.on('update', (update, origin) => { if (origin !== server) person.waiting.push(update) })
    return person
  })
  const send = (person) => {
    if (!person.waiting.length) return
    let update = person.waiting.length === 1 ? person.waiting[0] : Y.mergeUpdates(person.waiting)
    if (random() < 0.2) update = Y.encodeStateAsUpdate(person.doc, Y.encodeStateVector(server))
    else if (random() < 0.1) update = Y.encodeStateAsUpdate(person.doc)
    else if (random() < 0.1) update = Y.diffUpdate(Y.encodeStateAsUpdate(person.doc), Y.encodeStateVector(server))
    person.waiting = []
    const ends = new Map()
    const holes = Y.decodeUpdate(update).structs.some((struct) => struct instanceof Y.Skip)
    for (const struct of Y.decodeUpdate(update).structs) {
      const { client, clock } = struct.id
      const known = ends.get(client)
      ends.set(client, [known ? known[0] : clock, clock + struct.length])
    }
    Y.applyUpdate(server, update)
    if (server.store.pendingStructs || server.store.pendingDs) throw new Error('pending')
    const spans = [...ends].map(([client, [first, end]]) => [client, first, end])
    const state = Buffer.from(Y.encodeStateVector(server)).toString('base64')
    console.log(JSON.stringify({ update: Buffer.from(update).toString('base64'), spans, state, holes }))
  }
  for (let n = 0; n < 60; n += 1) {
    const person = pick(people)
    acts[pick(Object.keys(acts))](person)
    if (random() < 0.6) send(person)
    if (random() < 0.4) Y.applyUpdate(person.doc, Y.encodeStateAsUpdate(server, Y.encodeStateVector(person.doc)), server)
  }
  people.forEach(send)
  console.log(JSON.stringify({ end: true, text: server.getText('text').toString() }))
}

for (let n = 0; n < Number(process.argv[3]); n += 1) session()
