import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { unsentText } from '../src/collab/unsent'

function paragraph(text: string): Y.XmlElement {
  const element = new Y.XmlElement('paragraph')
  element.insert(0, [new Y.XmlText(text)])
  return element
}

/** A document with two saved paragraphs, and what its author does after that. */
function afterSaving(act: (fragment: Y.XmlFragment) => void) {
  const doc = new Y.Doc()
  const fragment = doc.getXmlFragment('default')
  fragment.insert(0, [paragraph('saved one'), paragraph('saved two')])
  const clock = Y.getState(doc.store, doc.clientID)
  act(fragment)
  return unsentText(fragment, [{ client: doc.clientID, clock, count: 1 }])
}

const textOf = (fragment: Y.XmlFragment, index: number) => (fragment.get(index) as Y.XmlElement).get(0) as Y.XmlText

it('finds nothing when all is saved', () => {
  expect(afterSaving(() => {})).toBe('')
})

it('finds what was typed, in the order of the document and not of the typing', () => {
  const text = afterSaving((fragment) => {
    textOf(fragment, 1).insert(9, ' and later')
    textOf(fragment, 0).insert(0, 'first ')
    fragment.insert(2, [paragraph('a new line')])
  })
  expect(text).toBe('first \n and later\na new line')
})

it('leaves out what was typed and deleted again, and what others typed', () => {
  const other = new Y.Doc()
  other.getXmlFragment('default').insert(0, [paragraph('by somebody else')])
  const text = afterSaving((fragment) => {
    Y.applyUpdate(fragment.doc as Y.Doc, Y.encodeStateAsUpdate(other))
    fragment.insert(0, [paragraph('mine')])
    textOf(fragment, 0).insert(4, ' oops')
    textOf(fragment, 0).delete(4, 5)
  })
  expect(text).toBe('mine')
})

it('cuts a run of text where the saving stopped', () => {
  const doc = new Y.Doc()
  const fragment = doc.getXmlFragment('default')
  fragment.insert(0, [paragraph('')])
  textOf(fragment, 0).insert(0, 'sent')
  const clock = Y.getState(doc.store, doc.clientID)
  textOf(fragment, 0).insert(4, ' unsent')
  expect(unsentText(fragment, [{ client: doc.clientID, clock, count: 1 }])).toBe(' unsent')
})

it('takes the earliest of several notes for one client, and the clients of earlier pages', () => {
  const doc = new Y.Doc()
  doc.clientID = 7
  doc.getXmlFragment('default').insert(0, [paragraph('typed before the reload')])
  const ranges = [
    { client: 7, clock: 20, count: 1 },
    { client: 7, clock: 0, count: 1 },
  ]
  expect(unsentText(doc.getXmlFragment('default'), ranges)).toBe('typed before the reload')
})
