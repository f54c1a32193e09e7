/**
 * The messages of the wire, in bytes and in words; pure. Follows docs/wire.md.
 *
 * `encode` and `decode` are a pair over every message, so that a test can play the server with the same words.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

export const SUBPROTOCOL = 'coscribe.v1'

// y-protocols PROTOCOL.md
export const SYNC = 0
export const SYNC_STEP_1 = 0
export const SYNC_STEP_2 = 1
export const SYNC_UPDATE = 2
export const AWARENESS = 1
export const AUTH = 2
export const QUERY_AWARENESS = 3

// docs/wire.md, "Messages of coscribe.v1"
export const HELLO = 64
export const STATE = 65
export const DELTA = 66
export const PUSH = 67
export const WHOLE = 68
export const ACK = 69
export const REFUSED = 70
export const ACCESS = 71
export const PING = 72
export const PONG = 73

/** docs/wire.md, "Close codes". */
export const Close = {
  BAD_MESSAGE: 4400,
  SIGNED_OUT: 4401,
  NO_ACCESS: 4403,
  GONE: 4404,
  DIVERGED: 4409,
  TOO_BIG: 1009,
  RESTART: 1012,
  LATER: 1013,
  STORE_DOWN: 4508,
} as const

const FINAL_CODES: ReadonlySet<number> = new Set([
  Close.BAD_MESSAGE,
  Close.SIGNED_OUT,
  Close.NO_ACCESS,
  Close.GONE,
  Close.DIVERGED,
  Close.TOO_BIG,
])

/** Whether a close with this code means: do not come back. */
export const isFinal = (code: number): boolean => FINAL_CODES.has(code)

export const ROLES = ['viewer', 'commenter', 'editor', 'owner'] as const
export type Role = (typeof ROLES)[number]

/** Whether this role may change the text. */
export const mayWrite = (role: Role): boolean => role === 'editor' || role === 'owner'

export interface Person {
  id: string
  name: string
  color: string
}

export interface Limits {
  messageBytes: number
  documentBytes: number
}

export type Message =
  | { type: 'step1'; vector: Uint8Array }
  | { type: 'step2'; update: Uint8Array }
  | { type: 'update'; update: Uint8Array }
  | { type: 'awareness'; update: Uint8Array }
  | { type: 'denied'; reason: string }
  | { type: 'query' }
  | { type: 'hello'; role: Role; seq: number; person: Person; limits: Limits; time: number }
  | { type: 'state'; seq: number; update: Uint8Array }
  | { type: 'delta'; first: number; last: number; update: Uint8Array }
  | { type: 'push'; batch: number; update: Uint8Array }
  | { type: 'whole'; batch: number; update: Uint8Array }
  | { type: 'ack'; batch: number; seq: number; time: number }
  | { type: 'refused'; batch: number; code: string; message: string }
  | { type: 'access'; role: Role }
  | { type: 'ping'; nonce: number }
  | { type: 'pong'; nonce: number }

/** Bytes that are no message of this protocol. */
export class WireError extends Error {
  constructor(
    readonly what: string,
    readonly size: number,
  ) {
    super(`${what}, in a frame of ${size} bytes`)
  }
}

/** The bytes of one frame. */
export function encode(message: Message): Uint8Array {
  const to = encoding.createEncoder()
  write(to, message)
  return encoding.toUint8Array(to)
}

/**
 * The message in one frame.
 *
 * Raises `WireError` for anything that is not exactly one message: truncated, unknown, with a rest, or of a wrong shape.
 */
export function decode(frame: Uint8Array): Message {
  const from = decoding.createDecoder(frame)
  let message: Message
  try {
    message = read(from)
  } catch (error) {
    if (error instanceof WireError) throw error
    throw new WireError('not a message', frame.length)
  }
  if (decoding.hasContent(from)) throw new WireError(`bytes left over after ${message.type}`, frame.length)
  return message
}

function write(to: encoding.Encoder, message: Message): void {
  switch (message.type) {
    case 'step1':
      return numbersAndBytes(to, [SYNC, SYNC_STEP_1], message.vector)
    case 'step2':
      return numbersAndBytes(to, [SYNC, SYNC_STEP_2], message.update)
    case 'update':
      return numbersAndBytes(to, [SYNC, SYNC_UPDATE], message.update)
    case 'awareness':
      return numbersAndBytes(to, [AWARENESS], message.update)
    case 'denied':
      return numbersAndStrings(to, [AUTH, 0], [message.reason])
    case 'query':
      return numbersAndStrings(to, [QUERY_AWARENESS], [])
    case 'hello':
      return numbersAndStrings(to, [HELLO], [helloJson(message)])
    case 'state':
      return numbersAndBytes(to, [STATE, message.seq], message.update)
    case 'delta':
      return numbersAndBytes(to, [DELTA, message.first, message.last], message.update)
    case 'push':
      return numbersAndBytes(to, [PUSH, message.batch], message.update)
    case 'whole':
      return numbersAndBytes(to, [WHOLE, message.batch], message.update)
    case 'ack':
      return numbersAndStrings(to, [ACK, message.batch, message.seq, message.time], [])
    case 'refused':
      return numbersAndStrings(to, [REFUSED, message.batch], [message.code, message.message])
    case 'access':
      return numbersAndStrings(to, [ACCESS], [JSON.stringify({ role: message.role })])
    case 'ping':
      return numbersAndStrings(to, [PING, message.nonce], [])
    case 'pong':
      return numbersAndStrings(to, [PONG, message.nonce], [])
  }
}

function read(from: decoding.Decoder): Message {
  const type = uint(from)
  switch (type) {
    case SYNC:
      return readSync(from)
    case AWARENESS:
      return { type: 'awareness', update: bytes(from) }
    case AUTH:
      uint(from)
      return { type: 'denied', reason: string(from) }
    case QUERY_AWARENESS:
      return { type: 'query' }
    case HELLO:
      return readHello(from)
    case STATE:
      return { type: 'state', seq: uint(from), update: bytes(from) }
    case DELTA:
      return { type: 'delta', first: uint(from), last: uint(from), update: bytes(from) }
    case PUSH:
      return { type: 'push', batch: uint(from), update: bytes(from) }
    case WHOLE:
      return { type: 'whole', batch: uint(from), update: bytes(from) }
    case ACK:
      return { type: 'ack', batch: uint(from), seq: uint(from), time: uint(from) }
    case REFUSED:
      return { type: 'refused', batch: uint(from), code: string(from), message: string(from) }
    case ACCESS:
      return { type: 'access', role: roleIn(json(from)) }
    case PING:
      return { type: 'ping', nonce: uint(from) }
    case PONG:
      return { type: 'pong', nonce: uint(from) }
    default:
      throw new WireError(`unknown message type ${type}`, from.arr.length)
  }
}

function readSync(from: decoding.Decoder): Message {
  const step = uint(from)
  if (step === SYNC_STEP_1) return { type: 'step1', vector: bytes(from) }
  if (step === SYNC_STEP_2) return { type: 'step2', update: bytes(from) }
  if (step === SYNC_UPDATE) return { type: 'update', update: bytes(from) }
  throw new WireError(`unknown sync step ${step}`, from.arr.length)
}

function readHello(from: decoding.Decoder): Message {
  const body = json(from)
  const person = objectIn(body, 'person')
  const limits = objectIn(body, 'limits')
  return {
    type: 'hello',
    role: roleIn(body),
    seq: numberIn(body, 'seq'),
    person: { id: String(person.id), name: String(person.name), color: String(person.color) },
    limits: { messageBytes: numberIn(limits, 'message_bytes'), documentBytes: numberIn(limits, 'document_bytes') },
    time: numberIn(body, 'time'),
  }
}

function helloJson(hello: Extract<Message, { type: 'hello' }>): string {
  const limits = { message_bytes: hello.limits.messageBytes, document_bytes: hello.limits.documentBytes }
  return JSON.stringify({ role: hello.role, seq: hello.seq, person: hello.person, limits, time: hello.time })
}

function numbersAndBytes(to: encoding.Encoder, numbers: number[], body: Uint8Array): void {
  for (const number of numbers) encoding.writeVarUint(to, number)
  encoding.writeVarUint8Array(to, body)
}

function numbersAndStrings(to: encoding.Encoder, numbers: number[], strings: string[]): void {
  for (const number of numbers) encoding.writeVarUint(to, number)
  for (const text of strings) encoding.writeVarString(to, text)
}

const uint = (from: decoding.Decoder): number => decoding.readVarUint(from)

function bytes(from: decoding.Decoder): Uint8Array {
  const size = uint(from)
  if (size > from.arr.length - from.pos) throw new WireError(`${size} bytes announced`, from.arr.length)
  return decoding.readUint8Array(from, size)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const string = (from: decoding.Decoder): string => utf8.decode(bytes(from))

type Json = Record<string, unknown>

function json(from: decoding.Decoder): Json {
  const value: unknown = JSON.parse(string(from))
  if (typeof value !== 'object' || value === null) throw new WireError('JSON that is no object', from.arr.length)
  return value as Json
}

function objectIn(body: Json, key: string): Json {
  const value = body[key]
  if (typeof value !== 'object' || value === null) throw new WireError(`no ${key} in the JSON`, 0)
  return value as Json
}

function numberIn(body: Json, key: string): number {
  const value = body[key]
  if (typeof value !== 'number') throw new WireError(`no ${key} in the JSON`, 0)
  return value
}

function roleIn(body: Json): Role {
  const role = ROLES.find((known) => known === body.role)
  if (role === undefined) throw new WireError('an unknown role in the JSON', 0)
  return role
}
