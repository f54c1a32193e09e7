import 'fake-indexeddb/auto'
import { afterEach, expect, it } from 'vitest'
import * as Y from 'yjs'
import { type Copy, openCopy } from '../src/copy'
import { copyName, forget } from '../src/device'

const NAME = copyName('1', 'minutes')
const open: Copy[] = []

async function copyOf(doc: Y.Doc, onClosed = () => {}): Promise<Copy> {
  const copy = await openCopy(NAME, doc, onClosed)
  open.push(copy)
  return copy
}

afterEach(async () => {
  for (const copy of open.splice(0)) copy.close()
  await forget()
})

const names = async () => (await indexedDB.databases()).map(({ name }) => name)

it('brings back what an earlier page had', async () => {
  const before = new Y.Doc()
  const first = await copyOf(before)
  expect(first).toMatchObject({ kept: true, known: false })
  before.getText('body').insert(0, 'kept')
  first.close()
  const after = new Y.Doc()
  expect((await copyOf(after)).known).toBe(true)
  expect(after.getText('body').toString()).toBe('kept')
})

it('knows a document that is empty, but complete', async () => {
  const first = await copyOf(new Y.Doc())
  first.setKnown()
  first.close()
  expect((await copyOf(new Y.Doc())).known).toBe(true)
})

it('is gone when removed', async () => {
  const copy = await copyOf(new Y.Doc())
  await copy.remove()
  expect(await names()).not.toContain(NAME)
})

it('closes, and says so, when another tab removes the database', async () => {
  const doc = new Y.Doc()
  let closed = false
  await copyOf(doc, () => {
    closed = true
  })
  await forget()
  expect(closed).toBe(true)
  expect(await names()).toEqual([])
  expect(() => doc.getText('body').insert(0, 'typed on')).not.toThrow()
})

it('keeps nothing, and says so, where the browser has no storage', async () => {
  const factory = globalThis.indexedDB
  Reflect.deleteProperty(globalThis, 'indexedDB')
  expect(await openCopy(NAME, new Y.Doc(), () => {})).toMatchObject({ kept: false, known: false })
  globalThis.indexedDB = factory
})
