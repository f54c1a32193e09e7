import { getSchema } from '@tiptap/core'
import { type Node, Node as Nodes } from '@tiptap/pm/model'
import { EditorState, type Transaction } from '@tiptap/pm/state'
import type { StepMap } from '@tiptap/pm/transform'
import { expect, it } from 'vitest'
import { contentExtensions } from '../src/editor/schema'
import { changesIn, replaceChanged } from '../src/editor/sync/changes'

const schema = getSchema(contentExtensions())
const WORDS = ['', 'one', 'one two', 'three', 'four five six']

/** Numbers that are the same in every run: mulberry32. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let next = Math.imul(state ^ (state >>> 15), 1 | state)
    next = (next + Math.imul(next ^ (next >>> 7), 61 | next)) ^ next
    return ((next ^ (next >>> 14)) >>> 0) % below
  }
}

const paragraph = (text: string) => ({ type: 'paragraph', content: text ? [{ type: 'text', text }] : [] })

function document(shape: number, texts: number): Node {
  const [pick, word] = [numbers(shape), numbers(texts)]
  const block = () => paragraph(WORDS[word(WORDS.length)] as string)
  const content = Array.from({ length: 1 + pick(8) }, () =>
    pick(4) === 0 ? { type: 'blockquote', content: [block(), block()] } : block(),
  )
  return Nodes.fromJSON(schema, { type: 'doc', content })
}

/** The same by ProseMirror's own maps, one by one, which takes n² time. */
function mapped({ mapping: { maps } }: Transaction) {
  const through = (steps: readonly StepMap[], at: number, side: number) =>
    steps.reduce((place, map) => map.map(place, side), at)
  const found = maps.flatMap((map, index) => {
    const each: ReturnType<typeof changesIn> = []
    const back = maps
      .slice(0, index)
      .reverse()
      .map((earlier) => earlier.invert())
    const on = maps.slice(index + 1)
    map.forEach((from, to, newFrom, newTo) => {
      const before = { from: through(back, from, -1), to: through(back, to, 1) }
      each.push({ before, after: { from: through(on, newFrom, -1), to: through(on, newTo, 1) } })
    })
    return each
  })
  return found.sort((one, other) => one.before.from - other.before.from)
}

it('knows where a transaction changes something, before and after', () => {
  let several = 0
  for (let seed = 0; seed < 500; seed += 1) {
    const before = document(seed, seed)
    const after = document(seed + (seed % 2), seed + 1) // every other time of the same shape
    const transaction = replaceChanged(EditorState.create({ doc: before }), after)
    if (transaction === null) continue
    expect(transaction.doc.eq(after)).toBe(true)
    expect(changesIn(transaction)).toEqual(mapped(transaction))
    if (transaction.steps.length > 1) several += 1
  }
  expect(several).toBeGreaterThan(50)
})
