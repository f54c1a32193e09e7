// The load generator. Orders come as lines of JSON on standard input, one answer each goes to standard output.

import { createInterface } from 'node:readline'
import { Crowd } from './crowd.mjs'

const crowd = new Crowd()

for await (const line of createInterface({ input: process.stdin })) {
  const { order, ...rest } = JSON.parse(line)
  let answer
  try {
    answer = { ok: await crowd[order](rest) }
  } catch (error) {
    answer = { error: error.stack }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
process.exit(0)
