import { describe, expect, it } from 'vitest'
import { BACKOFF_CAP_MS, backoff } from '../src/collab/backoff'
import { Connection } from '../src/collab/connection'
import { Close, type Message } from '../src/collab/wire'
import { Hands } from './hands'
import { Sockets } from './server'

function connection(random = () => 0.5) {
  const hands = new Hands()
  const sockets = new Sockets()
  const messages: Message[] = []
  const closes: [number, boolean][] = []
  const it = new Connection({
    url: 'ws://test/',
    WebSocket: sockets.Socket,
    clock: hands,
    random,
    onOpen: () => {},
    onMessage: (message) => messages.push(message),
    onClose: (code, final) => closes.push([code, final]),
  })
  it.connect()
  return { it, hands, sockets, messages, closes }
}

describe('the backoff', () => {
  it('is spread over the whole window, which doubles from 200 ms up to 30 s', () => {
    expect(backoff(0, () => 0.999)).toBe(199)
    expect(backoff(3, () => 0.5)).toBe(800)
    expect(backoff(50, () => 0.5)).toBe(BACKOFF_CAP_MS / 2)
    expect(backoff(5, () => 0)).toBeGreaterThan(0)
  })
})

describe('a connection', () => {
  it('asks for our subprotocol', () => {
    expect(connection().sockets.last.protocols).toEqual(['coscribe.v1'])
  })

  it('comes back after a loss, later each time, and starts anew once settled', () => {
    const { it, hands, sockets } = connection()
    const waits: number[] = []
    for (let n = 0; n < 4; n++) {
      const count = sockets.list.length
      sockets.last.end(1006)
      const from = hands.now()
      while (sockets.list.length === count) hands.turn(1)
      waits.push(hands.now() - from)
    }
    expect(waits).toEqual([100, 200, 400, 800])
    sockets.last.open()
    it.settled()
    sockets.last.end(1012)
    hands.turn(100)
    expect(sockets.list).toHaveLength(6)
  })

  it('waits longer when the server says later', () => {
    const { hands, sockets } = connection()
    sockets.last.open()
    sockets.last.end(1013)
    hands.turn(1_500)
    expect(sockets.list).toHaveLength(1)
    hands.turn(200)
    expect(sockets.list).toHaveLength(2)
  })

  it('comes back soon after a planned restart, and goes on trying at least once a second', () => {
    const { it, hands, sockets } = connection(() => 0.999)
    sockets.last.open()
    sockets.last.end(Close.RESTART)
    const waits: number[] = []
    for (let n = 0; n < 45; n++) {
      const [count, from] = [sockets.list.length, hands.now()]
      while (sockets.list.length === count) hands.turn(1)
      waits.push(hands.now() - from)
      sockets.last.end(1006)
    }
    expect(waits.slice(0, 5)).toEqual([199, 399, 799, 999, 999])
    expect(Math.max(...waits.slice(0, 40))).toBeLessThan(1_000)
    expect(waits[44]).toBeGreaterThan(20_000) // it was no restart after all
    hands.turn(30_000)
    sockets.last.open()
    it.settled()
    sockets.last.end(1006)
    hands.turn(199)
    expect(sockets.list).toHaveLength(48)
  })

  it('spreads its return as far as a restart of many asks for', () => {
    const { hands, sockets } = connection(() => 0.999)
    sockets.last.open()
    sockets.last.end(Close.RESTART + 4)
    hands.turn(3_195)
    expect(sockets.list).toHaveLength(1)
    hands.turn(1)
    expect(sockets.list).toHaveLength(2)
  })

  it('does not come back after a final close', () => {
    for (const code of [4400, 4401, 4403, 4404, 4409, 1009]) {
      const { it, hands, sockets, closes } = connection()
      sockets.last.open()
      sockets.last.end(code)
      it.wake()
      hands.turn(120_000)
      expect(sockets.list).toHaveLength(1)
      expect(closes).toEqual([[code, true]])
    }
  })

  it('tries at once when woken while it waits', () => {
    const { it, sockets } = connection()
    sockets.last.end(1006)
    it.wake()
    expect(sockets.list).toHaveLength(2)
  })

  it('makes sure within 3 s of waking that an open socket is alive', () => {
    const { it, hands, sockets } = connection()
    const first = sockets.last
    first.open()
    it.wake()
    expect(first.all('ping')).toHaveLength(1)
    hands.turn(3_000)
    expect(first.closed).toBe(true)
    hands.turn(200)
    expect(sockets.list).toHaveLength(2)
  })

  it('keeps a socket that answers after waking', () => {
    const { it, hands, sockets } = connection()
    sockets.last.open()
    it.wake()
    sockets.last.say({ type: 'pong', nonce: 1 })
    hands.turn(4_000)
    expect(sockets.last.closed).toBe(false)
    expect(sockets.list).toHaveLength(1)
  })

  it('pings after 10 s without sending, and takes 25 s of silence for death', () => {
    const { hands, sockets } = connection()
    const first = sockets.last
    first.open()
    hands.turn(9_999)
    expect(first.all('ping')).toHaveLength(0)
    hands.turn(1)
    expect(first.all('ping')).toHaveLength(1)
    hands.turn(14_999)
    expect(first.closed).toBe(false)
    hands.turn(1)
    expect(first.closed).toBe(true)
  })

  it('lives for ever on pongs', () => {
    const { hands, sockets } = connection()
    const socket = sockets.last
    socket.onHeard = (message) => {
      if (message.type === 'ping') socket.say({ type: 'pong', nonce: message.nonce })
    }
    socket.open()
    hands.turn(10 * 60_000)
    expect(sockets.list).toHaveLength(1)
    expect(socket.closed).toBe(false)
  })

  it('answers a ping', () => {
    const { sockets } = connection()
    sockets.last.open()
    sockets.last.say({ type: 'ping', nonce: 42 })
    expect(sockets.last.all('pong')).toEqual([{ type: 'pong', nonce: 42 }])
  })

  it('gives up a socket that does not open within 10 s', () => {
    const { hands, sockets } = connection()
    hands.turn(10_000)
    expect(sockets.list[0]?.closed).toBe(true)
    hands.turn(200)
    expect(sockets.list).toHaveLength(2)
  })

  it('ignores what a socket says after it was given up', () => {
    const { it, sockets, messages } = connection()
    const first = sockets.last
    first.open()
    it.drop()
    first.say({ type: 'access', role: 'owner' })
    expect(messages).toEqual([])
  })

  it('treats bytes that are no message as the end', () => {
    const { sockets, closes } = connection()
    sockets.last.open()
    const error = console.error
    console.error = () => {}
    sockets.last.sayBytes(new Uint8Array([64, 200]))
    console.error = error
    expect(closes).toEqual([[4400, true]])
  })
})
