// @vitest-environment jsdom
import { getSchema } from '@tiptap/core'
import { DOMParser as Reader } from '@tiptap/pm/model'
import { expect, it } from 'vitest'
import { countBetween, countDoc, countText } from '../src/editor/count'
import { headingAt, headingsOf } from '../src/editor/headings'
import { currentIndex } from '../src/editor/outline'
import { contentExtensions } from '../src/editor/schema'

const schema = getSchema(contentExtensions())
const read = (html: string) => Reader.fromSchema(schema).parse(new DOMParser().parseFromString(html, 'text/html').body)

it('counts words in any script and characters as people do', () => {
  expect(countText("It's a well-known 3.5 km, isn’t it?").words).toBe(7)
  expect(countText('Привет, мир').words).toBe(2)
  expect(countText('港の祭り').words).toBe(4)
  expect(countText('नमस्ते दुनिया').words).toBe(2)
  expect(countText('— … !').words).toBe(0)
  expect(countText('👩‍👩‍👧 e\u0301')).toEqual({ words: 1, characters: 3, visible: 2 })
})

it('counts a document block by block, and after a change only what changed', () => {
  const doc = read('<h1>One two</h1><ul><li><p>three</p></li></ul><p>four <b>fi</b>ve</p>')
  const steps = countDoc(doc)
  let reads = 0
  let step = steps.next()
  for (; !step.done; step = steps.next()) reads += 1
  expect(step.value.words).toBe(5)
  expect(reads).toBe(3)
  expect(countDoc(doc).next().done).toBe(true)
  const changed = doc.replace(1, 4, doc.slice(0, 0))
  const again = countDoc(changed)
  expect(again.next().done).toBe(false)
  expect(again.next()).toMatchObject({ done: true, value: { words: 4 } })
  expect(countBetween(doc, 1, 8).words).toBe(2)
})

it('lists headings wherever they stand, and knows under which one a place is', () => {
  const doc = read('<p>Before</p><h1>A</h1><h2> </h2><aside data-callout="note"><h3>B</h3></aside><p>After</p>')
  const headings = headingsOf(doc)
  expect(headings.map(({ level, text }) => [level, text])).toEqual([
    [1, 'A'],
    [3, 'B'],
  ])
  expect(headingAt(doc, 2)).toBeNull()
  expect(headingAt(doc, doc.content.size)).toBe('B')
})

it('finds the heading one reads under with few looks', () => {
  const tops = [-900, -200, 90, 400, 1200]
  let looks = 0
  const top = (index: number) => {
    looks += 1
    return tops[index] ?? Number.POSITIVE_INFINITY
  }
  expect(currentIndex(tops.length, top, 100)).toBe(2)
  expect(looks).toBeLessThanOrEqual(3)
  expect(currentIndex(2, () => 500, 100)).toBe(0)
})
