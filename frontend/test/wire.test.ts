import { describe, expect, it } from 'vitest'
import { decode, encode, isFinal, type Message, WireError } from '../src/collab/wire'

const body = new Uint8Array([1, 2, 3, 250])

const MESSAGES: Message[] = [
  { type: 'step1', vector: body },
  { type: 'step2', update: body },
  { type: 'update', update: new Uint8Array() },
  { type: 'awareness', update: body },
  { type: 'denied', reason: 'no' },
  { type: 'query' },
  {
    type: 'hello',
    role: 'owner',
    seq: 12,
    person: { id: '7', name: 'Zoë Ångström 🦊', color: '#0f766e', guest: true },
    limits: { messageBytes: 1_000, documentBytes: 10_000 },
    time: 1_795_000_000_000,
  },
  { type: 'state', seq: 300, update: body },
  { type: 'delta', first: 5, last: 9, update: body },
  { type: 'push', batch: 1, update: body },
  { type: 'whole', batch: 2 ** 40, update: body },
  { type: 'ack', batch: 3, seq: 4, time: 1_795_000_000_000 },
  { type: 'refused', batch: 3, code: 'access', message: 'Das Recht ist weg – schade' },
  { type: 'access', role: 'viewer' },
  { type: 'ping', nonce: 0 },
  { type: 'pong', nonce: 2 ** 53 - 1 },
  { type: 'title', title: 'Übersicht 🦊' },
  { type: 'notices', unread: 12 },
  { type: 'receipt', change: '5f'.repeat(16), sessions: 2, ms: 40, refused: 1 },
  { type: 'watch', documents: ['0f8fad5b-d9cb-469f-a165-70867728950e'] },
  {
    type: 'lines',
    lines: [
      {
        document: '0f8fad5b-d9cb-469f-a165-70867728950e',
        title: '',
        role: 'editor',
        starred: true,
        trashed: false,
        edited: 1_795_000_000_000,
        editor: 'Zoë',
        guest: true,
        own: false,
        people: 3,
        groups: ['Crew'],
        linked: true,
        here: [{ id: '7', name: 'Zoë', color: '#0f766e', guest: true }],
      },
    ],
    gone: ['7c9e6679-7425-40de-944b-e07fc1f90ae7'],
  },
  { type: 'appeared', document: '0f8fad5b-d9cb-469f-a165-70867728950e' },
  { type: 'stale' },
]

describe('the codec', () => {
  it.each(MESSAGES)('reads back what it wrote: $type', (message) => {
    expect(decode(encode(message))).toEqual(message)
  })

  it.each(MESSAGES)('refuses every truncation of $type', (message) => {
    const frame = encode(message)
    for (let size = 0; size < frame.length; size++) {
      expect(() => decode(frame.slice(0, size))).toThrow(WireError)
    }
  })

  it.each(MESSAGES)('refuses bytes after $type', (message) => {
    expect(() => decode(new Uint8Array([...encode(message), 0]))).toThrow(WireError)
  })

  it('writes the bytes that docs/wire.md shows', () => {
    expect([...encode({ type: 'step1', vector: new Uint8Array([9]) })]).toEqual([0, 0, 1, 9])
    expect([...encode({ type: 'query' })]).toEqual([3])
    expect([...encode({ type: 'push', batch: 200, update: new Uint8Array([9]) })]).toEqual([67, 200, 1, 1, 9])
    expect([...encode({ type: 'ack', batch: 1, seq: 2, time: 3 })]).toEqual([69, 1, 2, 3])
  })

  it('refuses a type it does not know, a role it does not know, and JSON that is no object', () => {
    expect(() => decode(new Uint8Array([99]))).toThrow(/unknown message type 99/)
    expect(() => decode(new Uint8Array([71, 2, 0x7b, 0x7d]))).toThrow(/role/)
    expect(() => decode(new Uint8Array([71, 1, 0x31]))).toThrow(WireError)
  })

  it('refuses a length beyond the frame without making room for it', () => {
    expect(() => decode(new Uint8Array([65, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]))).toThrow(/announced/)
  })
})

it('knows which closes are for good', () => {
  expect([4400, 4401, 4403, 4404, 4409, 1009].every(isFinal)).toBe(true)
  expect([1000, 1001, 1006, 1012, 1013, 4508].some(isFinal)).toBe(false)
})
