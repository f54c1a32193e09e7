import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { unsentMarkdown } from '../src/collab/unsent-markdown'

type Marked = [string, Record<string, unknown>?]

function element(name: string, children: (Y.XmlElement | Y.XmlText)[], attributes: Record<string, string> = {}) {
  const made = new Y.XmlElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.insert(0, children)
  return made
}

function text(...pieces: Marked[]): Y.XmlText {
  const made = new Y.XmlText()
  made.applyDelta(pieces.map(([insert, attributes]) => ({ insert, attributes: attributes ?? {} })))
  return made
}

const paragraph = (...pieces: Marked[]) => element('paragraph', [text(...pieces)])

function markdown(...blocks: Y.XmlElement[]): string {
  const doc = new Y.Doc()
  const fragment = doc.getXmlFragment('default')
  fragment.insert(0, [paragraph(['saved'])])
  const clock = Y.getState(doc.store, doc.clientID)
  fragment.insert(1, blocks)
  return unsentMarkdown(fragment, [{ client: doc.clientID, clock, count: 1 }])
}

it('writes nothing where all is saved', () => {
  expect(markdown()).toBe('')
})

it('keeps headings, paragraphs and quotes apart', () => {
  const found = markdown(
    element('heading', [text(['Plan'])], { level: '2' }),
    paragraph(['one']),
    element('blockquote', [paragraph(['two']), paragraph(['three'])]),
  )
  expect(found).toBe('## Plan\n\none\n\n> two\n> \n> three')
})

it('keeps lists, nested and ticked', () => {
  const inner = element('orderedList', [element('listItem', [paragraph(['inner'])])])
  const found = markdown(
    element('bulletList', [
      element('listItem', [paragraph(['outer']), inner]),
      element('listItem', [paragraph(['next'])]),
    ]),
    element('taskList', [element('taskItem', [paragraph(['done'])], { checked: 'true' })]),
  )
  expect(found).toBe('- outer\n\n  1. inner\n- next\n\n- [x] done')
})

it('keeps marks, close to their letters', () => {
  const found = markdown(
    paragraph(['a '], ['bold ', { bold: {} }], ['both', { bold: {}, italic: {} }], [' '], ['x', { code: {} }]),
    paragraph(['see '], ['here', { link: { href: 'https://example.org/a b' } }]),
  )
  expect(found).toBe('a **bold** ***both*** `x`\n\nsee [here](<https://example.org/a b>)')
})

it('keeps code as it is, also with a fence in it', () => {
  const found = markdown(element('codeBlock', [text(['a = *b\n```'])], { language: 'c' }))
  expect(found).toBe('````c\na = *b\n```\n````')
})

it('lets no letter become a sign', () => {
  expect(markdown(paragraph(['# no *heading*']), paragraph(['1. no list']))).toBe(
    '\\# no \\*heading\\*\n\n1\\. no list',
  )
})

it('writes only what is unsaved of a block', () => {
  const doc = new Y.Doc()
  const fragment = doc.getXmlFragment('default')
  fragment.insert(0, [element('heading', [text(['Saved'])], { level: '1' })])
  const clock = Y.getState(doc.store, doc.clientID)
  ;((fragment.get(0) as Y.XmlElement).get(0) as Y.XmlText).insert(5, ' and not')
  expect(unsentMarkdown(fragment, [{ client: doc.clientID, clock, count: 1 }])).toBe('# and not')
})
