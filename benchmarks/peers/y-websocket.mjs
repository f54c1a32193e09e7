// @y/websocket-server as its own command starts it, with LevelDB: y-websocket.mjs PORT FOLDER

import { fileURLToPath } from 'node:url'

const [port, folder] = process.argv.slice(2)
Object.assign(process.env, { HOST: '127.0.0.1', PORT: port, YPERSISTENCE: `${folder}/leveldb` })
const main = fileURLToPath(import.meta.resolve('@y/websocket-server/utils')).replace(/[^/]*$/, 'server.js')
await import(main)
