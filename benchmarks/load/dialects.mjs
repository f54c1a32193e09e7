// How each server wants the same things said. `read` returns one object, used again for each frame.

import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

const EMPTY_UPDATE = new Uint8Array([0, 0])
const told = { kind: '', update: EMPTY_UPDATE, synced: false, count: 0, upTo: 0, reply: null, alsoAcknowledged: 0 }

function tell(kind, more) {
  told.kind = kind
  told.reply = null
  told.alsoAcknowledged = 0
  return more ? Object.assign(told, more) : told
}

function message(write) {
  const encoder = encoding.createEncoder()
  write(encoder)
  return encoding.toUint8Array(encoder)
}

/** y-protocols as they are: y-websocket, pycrdt-websocket, and Coscribe's stock road. */
export const y = {
  protocol: undefined,
  greet: (_document, vector) => [step(1, vector)],
  push: (update) => step(3, update),
  presence: (body) => aware(body),
  read(payload) {
    if (payload[0] !== 0) return tell(payload[0] === 1 ? 'presence' : 'other')
    if (payload[1] === 0) return tell('step1', { reply: step(2, EMPTY_UPDATE) })
    return tell('content', { update: bytes(payload, 2), synced: payload[1] === 1 })
  },
}

function step(which, body) {
  return message((to) => {
    encoding.writeVarUint(to, 0)
    encoding.writeVarUint(to, which - 1)
    encoding.writeVarUint8Array(to, body)
  })
}

function aware(body) {
  return message((to) => {
    encoding.writeVarUint(to, 1)
    encoding.writeVarUint8Array(to, body)
  })
}

function bytes(payload, at) {
  const decoder = decoding.createDecoder(payload)
  decoder.pos = at
  return decoding.readVarUint8Array(decoder)
}

/** Coscribe's own: numbered edits, acknowledged when they are committed (docs/wire.md). */
export const v1 = {
  protocol: 'coscribe.v1',
  greet: y.greet,
  push: (update, number) =>
    message((to) => {
      encoding.writeVarUint(to, 67)
      encoding.writeVarUint(to, number)
      encoding.writeVarUint8Array(to, update)
    }),
  presence: y.presence,
  read(payload) {
    const type = payload[0]
    if (type < 64) return type === 0 && payload[1] === 0 ? tell('step1') : y.read(payload)
    const from = decoding.createDecoder(payload)
    from.pos = 1
    if (type === 65 || type === 66) {
      decoding.readVarUint(from)
      if (type === 66) decoding.readVarUint(from)
      return tell('content', { update: decoding.readVarUint8Array(from), synced: type === 65 })
    }
    if (type === 69) return tell('ack', { upTo: decoding.readVarUint(from), count: 0 })
    if (type === 70) return tell('refused')
    if (type === 72) {
      const pong = Buffer.from(payload)
      pong[0] = 73
      return tell('ping', { reply: pong })
    }
    return tell('other')
  },
}

/** Hocuspocus: each message begins with the document's name; a token first. @hocuspocus/server, MessageReceiver.ts */
export const hocuspocus = {
  protocol: undefined,
  greet: (document, vector) => [
    named(document, 2, (to) => {
      encoding.writeVarUint(to, 0)
      encoding.writeVarString(to, 'nobody asks')
    }),
    named(document, 0, (to) => {
      encoding.writeVarUint(to, 0)
      encoding.writeVarUint8Array(to, vector)
    }),
  ],
  push: (update, _number, document) =>
    named(document, 0, (to) => {
      encoding.writeVarUint(to, 2)
      encoding.writeVarUint8Array(to, update)
    }),
  presence: (body, document) => named(document, 1, (to) => encoding.writeVarUint8Array(to, body)),
  read(payload) {
    const from = decoding.createDecoder(payload)
    const length = decoding.readVarUint(from)
    const document = payload.subarray(from.pos, from.pos + length)
    from.pos += length
    const type = decoding.readVarUint(from)
    if (type === 0 || type === 4) {
      const which = decoding.readVarUint(from)
      if (which !== 0) return tell('content', { update: decoding.readVarUint8Array(from), synced: which === 1 })
      const reply = named(document.toString(), 4, (to) => {
        encoding.writeVarUint(to, 1)
        encoding.writeVarUint8Array(to, EMPTY_UPDATE)
      })
      return tell('step1', { reply, alsoAcknowledged: 1 })
    }
    if (type === 8) return tell('ack', { count: decoding.readVarUint(from), upTo: 0 })
    return tell(type === 1 ? 'presence' : 'other')
  },
}

function named(document, type, write) {
  return message((to) => {
    encoding.writeVarString(to, document)
    encoding.writeVarUint(to, type)
    write(to)
  })
}

export const dialects = { y, v1, hocuspocus }
