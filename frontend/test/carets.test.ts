// @vitest-environment jsdom
import { Editor } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { yCursorPluginKey, ySyncPluginKey } from '@tiptap/y-tiptap'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { carets } from '../src/editor/caret'
import { contentExtensions } from '../src/editor/schema'
import { sharedText } from '../src/editor/sync'
import { FRAGMENT } from '../src/editor/view'

const BOB = 77
let doc: Y.Doc
let awareness: Awareness
let editor: Editor

beforeEach(() => {
  doc = new Y.Doc()
  awareness = new Awareness(doc)
  const shared = sharedText({ fragment: doc.getXmlFragment(FRAGMENT), onForeign: () => {} })
  editor = new Editor({
    element: document.createElement('div'),
    injectCSS: false,
    extensions: [...contentExtensions([]), shared, carets(awareness, '1', FRAGMENT)],
  })
  editor.commands.insertContent('<p>hello</p>')
})

afterEach(() => {
  editor.destroy()
  awareness.destroy()
})

/** Bob's page says that his caret is there; then something of his comes in. */
function bobIsAt(cursor: unknown): void {
  awareness.states.set(BOB, { user: { id: '2', name: 'Bob', color: '#123456' }, cursor })
  editor.view.dispatch(editor.state.tr.setMeta(ySyncPluginKey, { isChangeOrigin: true }))
}

it('shows the caret of somebody else', () => {
  const text = (doc.getXmlFragment(FRAGMENT).get(0) as Y.XmlElement).get(0) as Y.XmlText
  const place = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, 2))
  bobIsAt({ anchor: place, head: place })
  expect(editor.view.dom.querySelector('.caret')?.textContent).toBe('Bob')
})

it('is drawn anew when somebody else moves, and not with every own key', async () => {
  const text = (doc.getXmlFragment(FRAGMENT).get(0) as Y.XmlElement).get(0) as Y.XmlText
  const place = Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, 2))
  bobIsAt({ anchor: place, head: place })
  let drawn = 0
  editor.on('transaction', ({ transaction }) => {
    if (transaction.getMeta(yCursorPluginKey) !== undefined) drawn += 1
  })
  const news = async (own: boolean) => {
    if (own) awareness.setLocalStateField('cursor', { anchor: place, head: place, n: drawn })
    else awareness.emit('change', [{ added: [], updated: [BOB], removed: [] }, 'wire'])
    await new Promise((resolve) => setTimeout(resolve))
    return drawn
  }
  expect(await news(true)).toBe(0)
  expect(await news(false)).toBe(1)
  expect(await news(true)).toBe(1)

  editor.view.dispatch(editor.state.tr.insert(0, editor.state.schema.nodes.paragraph?.create() as Node)) // they are hidden
  expect(editor.view.dom.querySelector('.caret')).toBeNull()
  expect(await news(true)).toBe(2)
  expect(editor.view.dom.querySelector('.caret')?.textContent).toBe('Bob')
})

const id = (clock: unknown, client: unknown = 0) => ({ client, clock })

it.each([
  null,
  5,
  'x',
  {},
  { item: 7 },
  { item: id(-1) },
  { item: id(0.5) },
  { item: id('a') },
  { type: id(-5) },
  { type: [] },
  { tname: 5 },
  { tname: 'another root' },
])('is not disturbed by a caret at %j', (place) => {
  const own = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replace('"client":0', `"client":${doc.clientID}`))
  for (const cursor of [place, { anchor: own(place), head: own(place) }]) bobIsAt(cursor)
  expect(editor.view.dom.querySelector('.caret')).toBeNull()
  expect([...doc.share.keys()]).toEqual([FRAGMENT])
})
