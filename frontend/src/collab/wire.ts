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
export const TITLE = 74
export const NOTICES = 75
export const RECEIPT = 76

// docs/wire.md, "The home page's socket"
export const WATCH = 80
export const LINES = 81
export const APPEARED = 82
export const STALE = 83

/** docs/wire.md, "Close codes". */
export const Close = {
  BAD_MESSAGE: 4400,
  SIGNED_OUT: 4401,
  NO_ACCESS: 4403,
  GONE: 4404,
  DIVERGED: 4409,
  TOO_BIG: 1009,
  RESTART: 4512,
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

const RESTARTS = 8

/** How often the first wait is doubled after a planned restart, so that many do not come at once; -1 after any other close. */
export const restartSpread = (code: number): number =>
  code >= Close.RESTART && code < Close.RESTART + RESTARTS ? code - Close.RESTART : -1

export const ROLES = ['viewer', 'commenter', 'editor', 'owner'] as const
export type Role = (typeof ROLES)[number]

/** Whether this role may change the text. */
export const mayWrite = (role: Role): boolean => role === 'editor' || role === 'owner'

export interface Person {
  id: string
  name: string
  color: string
  /** Somebody without an account, who came by a link. */
  guest?: boolean
}

export interface Limits {
  messageBytes: number
  documentBytes: number
}

/** What a change of access did: on how many open sessions it is in effect, how soon, and how many edits it refused. */
export interface Receipt {
  change: string
  sessions: number
  /** From the commit until it was in effect on the last of them. */
  ms: number
  refused: number
}

/** What the home page shows of one document, as it is now. */
export interface Line {
  document: string
  title: string
  role: Role
  starred: boolean
  trashed: boolean
  /** Milliseconds since the epoch. */
  edited: number
  editor: string
  /** That edit was a guest's. */
  guest: boolean
  /** That edit was one's own. */
  own: boolean
  people: number
  groups: string[]
  linked: boolean
  here: Person[]
}

export type Message =
  | { type: 'step1'; vector: Uint8Array }
  | { type: 'step2'; update: Uint8Array }
  | { type: 'update'; update: Uint8Array }
  | { type: 'awareness'; update: Uint8Array }
  | { type: 'denied'; reason: string }
  | { type: 'query' }
  | { type: 'hello'; role: Role; seq: number; person: Person; limits: Limits; time: number; restored?: boolean }
  | { type: 'state'; seq: number; update: Uint8Array }
  | { type: 'delta'; first: number; last: number; update: Uint8Array }
  | { type: 'push'; batch: number; update: Uint8Array }
  | { type: 'whole'; batch: number; update: Uint8Array }
  | { type: 'ack'; batch: number; seq: number; time: number }
  | { type: 'refused'; batch: number; code: string; message: string }
  | { type: 'access'; role: Role }
  | { type: 'ping'; nonce: number }
  | { type: 'pong'; nonce: number }
  | { type: 'title'; title: string }
  | { type: 'notices'; unread: number }
  | ({ type: 'receipt' } & Receipt)
  | { type: 'watch'; documents: string[] }
  | { type: 'lines'; lines: Line[]; gone: string[] }
  | { type: 'appeared'; document: string }
  | { type: 'stale' }

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
    case 'title':
      return numbersAndStrings(to, [TITLE], [JSON.stringify({ title: message.title })])
    case 'notices':
      return numbersAndStrings(to, [NOTICES], [JSON.stringify({ unread: message.unread })])
    case 'receipt': {
      const { change, sessions, ms, refused } = message
      return numbersAndStrings(to, [RECEIPT], [JSON.stringify({ change, sessions, ms, refused })])
    }
    case 'watch':
      return numbersAndStrings(to, [WATCH], [JSON.stringify({ documents: message.documents })])
    case 'lines':
      return numbersAndStrings(to, [LINES], [JSON.stringify({ lines: message.lines, gone: message.gone })])
    case 'appeared':
      return numbersAndStrings(to, [APPEARED], [JSON.stringify({ document: message.document })])
    case 'stale':
      return numbersAndStrings(to, [STALE], [])
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
    case TITLE:
      return { type: 'title', title: textIn(json(from), 'title') }
    case NOTICES:
      return { type: 'notices', unread: numberIn(json(from), 'unread') }
    case RECEIPT:
      return { type: 'receipt', ...receiptIn(json(from)) }
    case WATCH:
      return { type: 'watch', documents: listIn(json(from), 'documents').map(String) }
    case LINES:
      return readLines(json(from))
    case APPEARED:
      return { type: 'appeared', document: textIn(json(from), 'document') }
    case STALE:
      return { type: 'stale' }
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
  const limits = objectIn(body, 'limits')
  return {
    type: 'hello',
    role: roleIn(body),
    seq: numberIn(body, 'seq'),
    person: personIn(objectIn(body, 'person')),
    limits: { messageBytes: numberIn(limits, 'message_bytes'), documentBytes: numberIn(limits, 'document_bytes') },
    time: numberIn(body, 'time'),
    ...(body.restored === true && { restored: true }),
  }
}

function readLines(body: Json): Message {
  const lines = listIn(body, 'lines').map((line) => lineIn(objectOf(line)))
  return { type: 'lines', lines, gone: listIn(body, 'gone').map(String) }
}

const lineIn = (body: Json): Line => ({
  document: textIn(body, 'document'),
  title: textIn(body, 'title'),
  role: roleIn(body),
  starred: body.starred === true,
  trashed: body.trashed === true,
  edited: numberIn(body, 'edited'),
  editor: textIn(body, 'editor'),
  guest: body.guest === true,
  own: body.own === true,
  people: numberIn(body, 'people'),
  groups: listIn(body, 'groups').map(String),
  linked: body.linked === true,
  here: listIn(body, 'here').map((person) => personIn(objectOf(person))),
})

const receiptIn = (body: Json): Receipt => ({
  change: textIn(body, 'change'),
  sessions: numberIn(body, 'sessions'),
  ms: numberIn(body, 'ms'),
  refused: numberIn(body, 'refused'),
})

const personIn = (body: Json): Person => ({
  id: String(body.id),
  name: String(body.name),
  color: String(body.color),
  guest: body.guest === true,
})

function helloJson(hello: Extract<Message, { type: 'hello' }>): string {
  const limits = { message_bytes: hello.limits.messageBytes, document_bytes: hello.limits.documentBytes }
  const { role, seq, person, time, restored } = hello
  return JSON.stringify({ role, seq, person, limits, time, restored })
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

const json = (from: decoding.Decoder): Json => objectOf(JSON.parse(string(from)))

function objectOf(value: unknown): Json {
  if (typeof value !== 'object' || value === null) throw new WireError('JSON that is no object', 0)
  return value as Json
}

function objectIn(body: Json, key: string): Json {
  const value = body[key]
  if (typeof value !== 'object' || value === null) throw new WireError(`no ${key} in the JSON`, 0)
  return value as Json
}

function textIn(body: Json, key: string): string {
  const value = body[key]
  if (typeof value !== 'string') throw new WireError(`no ${key} in the JSON`, 0)
  return value
}

function listIn(body: Json, key: string): unknown[] {
  const value = body[key]
  if (!Array.isArray(value)) throw new WireError(`no ${key} in the JSON`, 0)
  return value
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
