// @vitest-environment jsdom
/**
 * Random scripts of two and three people. `SEED=7 npx vitest run test/writers` plays one again and prints it;
 * `SCRIPTS=5000` is the long form; `STORE=file` writes what is stored for tests/documents/test_two_writers.py.
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { BEGINNING, chooseAct, perform } from './acts'
import { Chance } from './chance'
import { Company, Writer } from './company'

const { SEED, SCRIPTS = '500', FIRST = '1', STORE } = process.env
const STEPS = 40
const PER_TEST = 25

if (STORE) writeFileSync(STORE, '')

console.warn = () => {} // Tiptap's setDetails selects between blocks and hears a warning

const seeds = SEED ? [Number(SEED)] : Array.from({ length: Number(SCRIPTS) }, (_, index) => Number(FIRST) + index)
for (let at = 0; at < seeds.length; at += PER_TEST) {
  const some = seeds.slice(at, at + PER_TEST)
  it(`converges, seeds ${some[0]} to ${some.at(-1)}`, { timeout: 120_000 }, () => {
    for (const seed of some) play(seed)
  })
}

function play(seed: number): void {
  const chance = new Chance(seed)
  const names = seed % 5 === 0 ? ['ada', 'bob', 'eve'] : ['ada', 'bob']
  const writers = names.map((name, index) => new Writer(name, seed * 10 + index + 1))
  const company = new Company(writers)
  const script: string[] = []
  try {
    if (seed % 4 > 0) {
      writers[0]?.editor.commands.setContent(BEGINNING)
      company.settle()
    }
    for (let step = 0; step < STEPS; step++) {
      const writer = chance.of(writers)
      const act = chooseAct(chance)
      script.push(`${step} ${writer.name}: ${act}`)
      perform(act, writer.editor, chance)
      writer.check()
      company.carry(chance)
    }
    script.push('everything arrives')
    company.settle()
    agree(writers)
    store(seed, writers[0] as Writer)
  } catch (error) {
    const states = writers.map(
      ({ name, editor, doc }) =>
        `${name}: ${editor.state.doc} ${JSON.stringify(editor.state.selection)}\n  ${doc.getXmlFragment('default')}`,
    )
    throw new Error(`SEED=${seed}\n${script.join('\n')}\n${states.join('\n')}\n${(error as Error).message}`, {
      cause: error,
    })
  } finally {
    for (const writer of writers) writer.leave()
  }
}

function agree([first, ...others]: Writer[]): void {
  if (!first) return
  for (const writer of [first, ...others]) {
    writer.check()
    expect(writer.foreign).toBeNull()
  }
  for (const other of others) {
    expect(other.json).toEqual(first.json)
    expect(Y.encodeStateVector(other.doc)).toEqual(Y.encodeStateVector(first.doc))
    expect(other.doc.getXmlFragment('default').toString()).toBe(first.doc.getXmlFragment('default').toString())
  }
  const newcomer = new Writer('kim', 4_000_000, { state: Y.encodeStateAsUpdate(first.doc) })
  expect(newcomer.json).toEqual(first.json)
  expect(newcomer.writes).toBe(0)
  newcomer.leave()
}

function store(seed: number, { doc, json }: Writer): void {
  if (!STORE) return
  const state = Buffer.from(Y.encodeStateAsUpdate(doc)).toString('base64')
  appendFileSync(STORE, `${JSON.stringify({ seed, state, json })}\n`)
}
