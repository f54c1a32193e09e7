/**
 * The editor's schema and its mapping to Yjs, over standard input: one JSON command a line, one JSON answer a line.
 * `node mapping.mjs FRONTEND_FOLDER`. Bytes are base64.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [, , frontend] = process.argv
const require = createRequire(join(frontend, 'package.json'))
const vite = join(dirname(require.resolve('vite/package.json')), 'dist/node/index.js')
const { runnerImport } = await import(pathToFileURL(vite))
const { module } = await runnerImport(join(frontend, 'test/mapping.ts'), { root: frontend, configFile: false })

const acts = {
  read: (update) => module.read(Buffer.from(update, 'base64')),
  write: (json) => Buffer.from(module.write(json)).toString('base64'),
  safe: (href) => module.safe(href),
  takes: (values) => module.takes(values),
}
for await (const line of createInterface({ input: process.stdin })) {
  const { act, value } = JSON.parse(line)
  let answer
  try {
    answer = { value: acts[act](value) }
  } catch (error) {
    answer = { error: String(error?.stack ?? error) }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
process.exit(0)
