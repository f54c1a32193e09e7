import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Company, TYPING_MS } from '../src/people/company'

class Somebody {
  readonly doc = new Y.Doc()
  readonly awareness = new Awareness(this.doc)

  constructor(
    readonly id: string,
    readonly name: string,
    private readonly page: Awareness,
  ) {
    this.is({})
  }

  is(state: Record<string, unknown>): void {
    this.awareness.setLocalState({ user: { id: this.id, name: this.name, color: '#0f766e' }, ...state })
    applyAwarenessUpdate(this.page, encodeAwarenessUpdate(this.awareness, [this.awareness.clientID]), 'server')
  }

  types(): void {
    this.doc.getText('default').insert(0, 'x')
    Y.applyUpdate(this.page.doc, Y.encodeStateAsUpdate(this.doc), 'server')
  }
}

const CURSOR = { anchor: {}, head: {} }
let page: Awareness
let company: Company
beforeEach(() => {
  vi.useFakeTimers()
  page = new Awareness(new Y.Doc())
  page.setLocalState({ user: { id: '1', name: 'Ada', color: '#c2410c' } })
  company = new Company(page, '1')
})
afterEach(() => {
  company.end()
  page.destroy()
  vi.useRealTimers()
})

const doing = () => company.members.map(({ name, doing }) => `${name} ${doing}`)

it('has one member per person over their tabs, and oneself in none of them', () => {
  new Somebody('1', 'Ada', page)
  new Somebody('2', 'Bob', page).is({ idle: true })
  const bob = new Somebody('2', 'Bob', page)
  expect(doing()).toEqual(['Bob viewing'])
  bob.is({ cursor: CURSOR })
  expect(doing()).toEqual(['Bob editing'])
  expect(company.count()).toEqual({ here: 2, editing: 1 })
  bob.is({ idle: true })
  expect(doing()).toEqual(['Bob idle'])
})

it('hears of the own caret when it enters and leaves the text, not of each step', () => {
  let calls = 0
  company.onChange(() => {
    calls += 1
  })
  for (const n of [1, 2, 3]) page.setLocalStateField('cursor', { ...CURSOR, n })
  expect([calls, company.count().editing]).toEqual([1, 1])
  page.setLocalStateField('cursor', null)
  expect([calls, company.count().editing]).toEqual([2, 0])
})

it('sees typing in the document itself, for as long as it goes on', () => {
  const bob = new Somebody('2', 'Bob', page)
  let calls = 0
  company.onChange(() => {
    calls += 1
  })
  bob.types()
  expect(doing()).toEqual(['Bob typing'])
  vi.advanceTimersByTime(TYPING_MS - 1)
  bob.types()
  vi.advanceTimersByTime(TYPING_MS - 1)
  expect(doing()).toEqual(['Bob typing'])
  expect(calls).toBe(1) // not a call for every letter
  vi.advanceTimersByTime(2)
  expect(doing()).toEqual(['Bob viewing'])
})

it('remembers where a caret was last, for one to go there', () => {
  const bob = new Somebody('2', 'Bob', page)
  expect(company.find('2')?.cursor).toBeNull()
  bob.is({ cursor: CURSOR })
  bob.is({ cursor: null })
  expect(company.find('2')).toMatchObject({ doing: 'viewing', cursor: CURSOR })
})
