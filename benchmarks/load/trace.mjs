// The editing of one long text: the automerge-perf trace where its file is given, else one made with a seed that is equal to
// it in what counts: 182,315 letters put in and 77,463 taken out, one at a time, in runs, at places that move about.

import { readFileSync } from 'node:fs'
import * as Y from 'yjs'

const CLIENT = 4711
const SEED = 20
const LETTERS = 'etaoin shrdlu cmfwyp vbgkjqxz'
const DELETED = 77_463 / 259_778
const MEAN_RUN = 21.5 // operations at one place; makes the whole as large as the original's, 260 kB

/**
 * The trace as Yjs updates of `perUpdate` operations each, and as one. `file`: JSON, a list of [place, number deleted,
 * letters put in...].
 */
export function traceOf({ operations, perUpdate, file }) {
  const doc = new Y.Doc()
  doc.clientID = CLIENT
  const updates = []
  doc.on('update', (update) => updates.push(update))
  const text = new Y.XmlText()
  doc.transact(() => {
    const paragraph = new Y.XmlElement('paragraph')
    doc.getXmlFragment('default').push([paragraph])
    paragraph.push([text])
  })
  const edits = file ? JSON.parse(readFileSync(file, 'utf8')) : made(operations)
  for (let start = 0; start < edits.length; start += perUpdate) {
    doc.transact(() => {
      for (const [place, gone, ...letters] of edits.slice(start, start + perUpdate)) {
        if (gone) text.delete(place, gone)
        if (letters.length) text.insert(place, letters.join(''))
      }
    })
  }
  const vector = { [CLIENT]: Y.getState(doc.store, CLIENT) }
  return { updates, whole: Y.encodeStateAsUpdate(doc), vector, letters: text.length }
}

/** [place, number deleted, letter?] of so many operations of one letter. */
function made(operations) {
  const random = mulberry32(SEED)
  const edits = []
  let length = 0
  let cursor = 0
  while (edits.length < operations) {
    // Mostly at the end, as drafts are written; else somewhere before it.
    cursor = random() < 0.5 ? length : Math.floor(random() * (length + 1))
    const run = 1 + Math.floor(random() * 2 * MEAN_RUN)
    const deletes = random() < DELETED && length > run
    for (let i = 0; i < run && edits.length < operations; i++) {
      if (deletes) {
        if (cursor === 0) break
        edits.push([--cursor, 1])
        length--
      } else {
        edits.push([cursor++, 0, LETTERS[Math.floor(random() * LETTERS.length)]])
        length++
      }
    }
  }
  return edits
}

/** A small generator of numbers in [0, 1) that gives the same ones for the same seed. */
function mulberry32(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
