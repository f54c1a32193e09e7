import { describe, expect, it } from 'vitest'
import { type Event, initialStatus, reduce, type Status, saveWord, wordChangesAt } from '../src/collab/status'
import { wordText } from '../src/header/word'

const given = (...events: Event[]): Status => events.reduce(reduce, initialStatus('editor', true, 0))
const synced: Event = { type: 'synced', seq: 3 }
const lost = (now: number): Event => ({ type: 'lost', now })
const unsaved = (count: number, since: number | null = 0): Event => ({ type: 'unsaved', count, since })
const text = (status: Status, now: number) => wordText(saveWord(status, now))

describe('the save word', () => {
  it('is Saved when everything is acknowledged, and says up to where', () => {
    const status = given(synced, { type: 'acknowledged', seq: 7, time: 99 })
    expect(saveWord(status, 0)).toMatchObject({ state: 'saved', saved: { seq: 7, time: 99 } })
  })

  it('is Saving only after 300 ms without an acknowledgement', () => {
    const status = given(synced, unsaved(1, 1_000))
    expect(saveWord(status, 1_299).state).toBe('saved')
    expect(wordChangesAt(status, 1_000)).toBe(1_300)
    expect(saveWord(status, 1_300).state).toBe('saving')
  })

  it('is Offline, not Saving, when nothing is confirmed and the browser has no network', () => {
    const status = given(synced, { type: 'network', online: false, now: 0 }, unsaved(1, 0))
    expect(saveWord(status, 200).state).toBe('saved')
    expect(saveWord(status, 300).state).toBe('offline')
  })

  it('is Could not save, as long as a sent edit is not confirmed for 15 s', () => {
    const status = given(synced, unsaved(1, 0))
    expect(saveWord(status, 15_000)).toMatchObject({ state: 'failed', why: 'slow' })
    expect(saveWord(reduce(status, unsaved(0)), 15_000).state).toBe('saved')
  })

  it('connects, then after a loss reconnects, then is Offline after three seconds', () => {
    expect(saveWord(given(), 2_999).state).toBe('connecting')
    expect(saveWord(given(), 3_000).state).toBe('offline')
    const status = given(synced, lost(10_000))
    expect(saveWord(status, 10_000).state).toBe('reconnecting')
    expect(wordChangesAt(status, 10_000)).toBe(13_000)
    expect(saveWord(status, 13_000).state).toBe('offline')
  })

  it('reconnects for longer after a planned restart, through failed tries, before it is Offline', () => {
    const status = given(synced, { type: 'lost', now: 10_000, planned: true }, lost(12_000))
    expect(saveWord(status, 29_999).state).toBe('reconnecting')
    expect(wordChangesAt(status, 12_000)).toBe(30_000)
    expect(saveWord(status, 30_000).state).toBe('offline')
    expect(saveWord(reduce(status, { type: 'network', online: false, now: 12_000 }), 12_000).state).toBe('offline')
  })

  it('stays Offline through failed tries', () => {
    expect(saveWord(given(synced, lost(0), lost(5_000), lost(9_000)), 9_001).state).toBe('offline')
  })

  it('is Offline at once when the browser says so', () => {
    expect(saveWord(given(synced, lost(0), { type: 'network', online: false, now: 1 }), 1).state).toBe('offline')
  })

  it('counts the edits that are kept, with the right number, and does not claim more than the device does', () => {
    expect(text(given(synced, lost(0)), 5_000)).toBe('Offline')
    expect(text(given(synced, lost(0), unsaved(1)), 5_000)).toBe('Offline, 1 edit kept on this device')
    expect(text(given(synced, lost(0), unsaved(12)), 5_000)).toBe('Offline, 12 edits kept on this device')
    expect(text(given(synced, lost(0), unsaved(2), { type: 'kept', kept: false }), 5_000)).toBe(
      'Offline, 2 edits not saved',
    )
  })

  it('is Could not save with why, connected or not, until the trouble has passed', () => {
    const status = given(synced, unsaved(1), { type: 'trouble', trouble: 'full' })
    expect(saveWord(status, 0)).toMatchObject({ state: 'failed', why: 'full' })
    expect(text(status, 0)).toBe('Could not save: this document is full')
    expect(saveWord(reduce(status, lost(0)), 0)).toMatchObject({ state: 'failed', why: 'full' })
    expect(saveWord(reduce(reduce(status, { type: 'trouble', trouble: null }), unsaved(0)), 0).state).toBe('saved')
  })

  it('is Read only for a reader and a commenter', () => {
    expect(saveWord(given(synced, { type: 'role', role: 'viewer' }), 0).state).toBe('readonly')
    expect(saveWord(given(synced, { type: 'role', role: 'commenter' }), 0).state).toBe('readonly')
    expect(saveWord(given(synced, { type: 'role', role: 'viewer' }, lost(0)), 5_000).state).toBe('offline')
  })
})
