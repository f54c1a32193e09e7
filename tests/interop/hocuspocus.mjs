/**
 * A stock @hocuspocus/provider driven over standard input: one JSON command a line, one JSON answer a line, and documents by
 * their place: `node hocuspocus.mjs hocuspocus-4 ws://host/ws/hocuspocus UUID,UUID SESSION TOKEN`. An empty session is no cookie.
 */
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'
import * as Y from 'yjs'

const [, , kind, url, names, session, token] = process.argv
const { HocuspocusProvider, HocuspocusProviderWebsocket } = await import(kind)
const closes = []
let opened = 0

class Socket extends WebSocket {
  constructor(address) {
    super(address, session ? { headers: { Cookie: `sessionid=${session}` } } : {})
    opened += 1
    this.on('close', (code) => closes.push(code))
    this.on('error', () => {})
  }
}

const socket = new HocuspocusProviderWebsocket({ url, connect: false, autoConnect: false, WebSocketPolyfill: Socket, delay: 100, minDelay: 100 })
const open = (name) => {
  const shown = { token }
  const heard = { failures: [], closes: 0, scopes: [], counts: [], stateless: [] }
  const doc = new Y.Doc()
  const provider = new HocuspocusProvider({
    websocketProvider: socket,
    name,
    document: doc,
    token: token ? () => shown.token : null,
    broadcast: false,
    onAuthenticated: () => heard.scopes.push(provider.authorizedScope),
    onAuthenticationFailed: ({ reason }) => heard.failures.push(reason),
    onStateless: ({ payload }) => heard.stateless.push(payload),
  })
  provider.on('unsyncedChanges', (count) => heard.counts.push(count?.number ?? count))
  provider.on('close', () => { heard.closes += 1 })
  provider.attach?.()
  return { provider, doc, heard, shown }
}
const parts = names.split(',').map(open)

const acts = {
  connect: () => { socket.connect() },
  disconnect: () => socket.disconnect(),
  insert: ({ of, at, what }) => { const text = parts[of].doc.getText('text'); text.insert(at ?? text.length, what) },
  remove: ({ of, at, length }) => parts[of].doc.getText('text').delete(at, length),
  present: ({ of, fields }) => { for (const [name, value] of Object.entries(fields)) parts[of].provider.awareness.setLocalStateField(name, value) },
  stateless: ({ of }) => parts[of].provider.sendStateless('{"anything": 1}'),
  sync: ({ of }) => parts[of].provider.forceSync(),
  token: ({ of, value }) => { parts[of].shown.token = value; parts[of].provider.sendToken() },
  leave: ({ of }) => parts[of].provider.destroy(),
  look: () => {},
}
const look = ({ provider, doc, heard }) => ({
  text: doc.getText('text').toString(),
  pending: doc.store.pendingStructs !== null || doc.store.pendingDs !== null,
  states: Object.fromEntries(provider.awareness.getStates()),
  synced: provider.synced,
  unsynced: provider.unsyncedChanges,
  scope: provider.authorizedScope,
  ...heard,
})
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
process.on('unhandledRejection', () => {}) // version 2 rejects with nothing when a connection fails

say({ client: parts[0].doc.clientID })
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  try {
    acts[command.act]({ of: 0, ...command })
    say({ ...look(parts[0]), parts: parts.map(look), sockets: closes, opened })
  } catch (error) {
    say({ error: String(error?.stack ?? error) })
  }
}
process.exit(0)
