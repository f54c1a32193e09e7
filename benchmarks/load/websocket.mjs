// A WebSocket client that does as little as a client can: the generator must not be what is measured. RFC 6455.

import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'

const CONTINUATION = 0, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10
const NOTHING = Buffer.alloc(0)

/** A whole frame, masked, as a client has to send it. */
export function frame(payload, opcode = BINARY) {
  const { length } = payload
  const start = length < 126 ? 2 : length < 65536 ? 4 : 10
  const made = Buffer.allocUnsafe(start + 4 + length)
  made[0] = 0x80 | opcode
  if (start === 2) made[1] = 0x80 | length
  else if (start === 4) {
    made[1] = 0x80 | 126
    made.writeUInt16BE(length, 2)
  } else {
    made[1] = 0x80 | 127
    made.writeBigUInt64BE(BigInt(length), 2)
  }
  made.writeUInt32LE((Math.random() * 0x100000000) >>> 0, start)
  for (let i = 0; i < length; i++) made[start + 4 + i] = payload[i] ^ made[start + (i & 3)]
  return made
}

/** A connection. `onOpen()`, `onFrame(payload)` (only good until it returns), `onClose(why)` are given. */
export class WebSocket {
  #rest = NOTHING
  #parts = []
  #open = false
  #done = false

  constructor({ host, port, path, headers = {} }, { protocol, onOpen, onFrame, onClose }) {
    this.bytes = 0
    this.frames = 0
    this.onOpen = onOpen
    this.onFrame = onFrame
    this.onClose = onClose
    this.net = connect({ host, port, noDelay: true })
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: ${host}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ]
    this.net.on('connect', () => this.net.write(`${lines.join('\r\n')}\r\n\r\n`))
    this.net.on('data', (chunk) => this.#take(chunk))
    this.net.on('error', (error) => this.#end(error.code ?? error.message))
    this.net.on('close', () => this.#end('the connection was lost'))
  }

  /** Write frames that are already made. */
  write(made) {
    if (!this.#done) this.net.write(made)
  }

  send(payload) {
    this.write(frame(payload))
  }

  /** Leave with a goodbye. */
  close() {
    this.#done = true
    this.net.end(frame(Buffer.from([3, 232]), CLOSE))
  }

  /** Lose the network. */
  cut() {
    this.#done = true
    this.net.destroy()
  }

  #end(why) {
    if (this.#done) return
    this.#done = true
    this.net.destroy()
    this.onClose(why)
  }

  #take(chunk) {
    this.bytes += chunk.length
    let data = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk
    this.#rest = NOTHING
    if (!this.#open) {
      const end = data.indexOf('\r\n\r\n')
      if (end < 0) {
        this.#rest = data
        return
      }
      const status = data.toString('latin1', 9, 12)
      if (status !== '101') return this.#end(`the handshake was answered with ${status}`)
      this.#open = true
      this.onOpen()
      data = data.subarray(end + 4)
    }
    this.#split(data)
  }

  #split(data) {
    let at = 0
    while (data.length - at >= 2 && !this.#done) {
      let length = data[at + 1] & 127
      let start = at + 2
      if (length === 126) {
        if (data.length < start + 2) break
        length = data.readUInt16BE(start)
        start += 2
      } else if (length === 127) {
        if (data.length < start + 8) break
        length = Number(data.readBigUInt64BE(start))
        start += 8
      }
      if (data.length < start + length) break
      this.#frame(data[at], data.subarray(start, start + length))
      at = start + length
    }
    if (at < data.length) this.#rest = at ? data.subarray(at) : data
  }

  #frame(head, payload) {
    const opcode = head & 15
    if (opcode === PING) this.write(frame(payload, PONG))
    else if (opcode === CLOSE) {
      const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
      this.#end(`closed with ${code} ${payload.toString('utf8', 2)}`)
    } else if (opcode === BINARY && head & 0x80) {
      this.frames++
      this.onFrame(payload)
    } else if (opcode === BINARY || opcode === CONTINUATION) {
      this.#parts.push(Buffer.from(payload))
      if (head & 0x80) {
        const whole = Buffer.concat(this.#parts)
        this.#parts = []
        this.frames++
        this.onFrame(whole)
      }
    }
  }
}
