/**
 * A stock y-websocket client (or our own provider, once bundled) driven over standard input: one JSON command a line, one JSON
 * answer a line. `node actor.mjs y-websocket-1 ws://host/ws/documents UUID SESSION`.
 */
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { Awareness } from 'y-protocols/awareness'

const [, , kind, url, room, session] = process.argv
const doc = new Y.Doc()
const text = doc.getText('text')
const awareness = new Awareness(doc)
const closes = []
const synced = []
let opened = 0
/** What came from the server, as [length of the text then]: the echo of an own edit is one of them. */
let frames = 0

class Socket extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { headers: { Cookie: `sessionid=${session}` } })
    opened += 1
    this.on('close', (code) => closes.push(code))
    this.on('unexpected-response', (_, response) => closes.push(response.statusCode))
    this.on('error', () => {})
    this.on('message', () => { frames += 1 })
  }
}

async function stock() {
  const { WebsocketProvider } = await import(kind)
  const provider = new WebsocketProvider(url, `${room}/`, doc, { awareness, WebSocketPolyfill: Socket, disableBc: true, connect: false })
  provider.on(kind === 'y-websocket-1' ? 'synced' : 'sync', (value) => synced.push(value))
  return {
    connect: () => provider.connect(),
    disconnect: () => provider.disconnect(),
    state: () => ({ synced: provider.synced, connected: provider.wsconnected }),
    end: () => provider.destroy(),
  }
}

async function own() {
  const { Provider } = await import(kind)
  const notes = { adopt: () => [], write() {}, clear() {}, drop() {} }
  let lost = null
  const provider = new Provider({
    url: `${url}/${room}/`, doc, awareness, role: 'editor', notes, adopted: [], copy: {}, kept: false, online: true,
    WebSocket: Socket,
  })
  provider.on('lost', (why) => { lost = why })
  return {
    connect: () => provider.connect(),
    disconnect: () => provider.connection.drop(),
    state: () => ({ synced: provider.status.synced, connected: provider.connection.open, unsaved: provider.status.unsaved, role: provider.role, lost }),
    end: () => provider.destroy(),
  }
}

const provider = await (kind.startsWith('y-websocket') ? stock() : own())
const acts = {
  connect: () => provider.connect(),
  disconnect: () => provider.disconnect(),
  insert: ({ at, what }) => text.insert(at ?? text.length, what),
  remove: ({ at, length }) => text.delete(at, length),
  present: ({ fields }) => { for (const [name, value] of Object.entries(fields)) awareness.setLocalStateField(name, value) },
  look: () => {},
}
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)

say({ client: doc.clientID })
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  if (command.act === 'end') break
  try {
    acts[command.act](command)
    const states = Object.fromEntries([...awareness.getStates()].map(([client, state]) => [client, state]))
    const pending = doc.store.pendingStructs !== null || doc.store.pendingDs !== null
    say({ text: text.toString(), states, closes, opened, frames, pending, ...provider.state() })
  } catch (error) {
    say({ error: String(error?.stack ?? error) })
  }
}
provider.end()
process.exit(0)
