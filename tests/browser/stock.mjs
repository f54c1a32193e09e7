// A stock y-websocket on a document: `node stock.mjs VERSION URL ROOM SESSION`. A line of standard input becomes a
// paragraph; whenever something changes, what it sees is printed as a line of JSON.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(new URL('../interop/', import.meta.url))
const [version, url, room, session] = process.argv.slice(2)
const WebSocket = require('ws')
const Y = require('yjs')
const { WebsocketProvider } = require(`y-websocket-${version}`)

class SignedIn extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { headers: { Cookie: `sessionid=${session}` } })
  }
}

const doc = new Y.Doc()
const fragment = doc.getXmlFragment('default')
const options = { WebSocketPolyfill: SignedIn, disableBc: true }
const provider = new WebsocketProvider(url, room, doc, options)
provider.awareness.setLocalState({ user: { name: 'whoever', color: '#ff0000' } })

const say = () => {
  const people = [...provider.awareness.getStates().values()].map((state) => state.user?.name)
  console.log(JSON.stringify({ text: fragment.toString(), people }))
}
doc.on('update', say)
provider.awareness.on('change', say)

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const paragraph = new Y.XmlElement('paragraph')
  paragraph.insert(0, [new Y.XmlText(line)])
  fragment.push([paragraph])
})
lines.on('close', () => {
  provider.destroy()
  process.exit(0)
})
