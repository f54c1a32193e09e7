import { describe, expect, it } from 'vitest'
import { bytes, type Catalogue, type Entry, english, t } from '../src/strings'
import { german } from '../src/strings/de'
import { findWords } from '../src/strings/find'
import { groupsWords } from '../src/strings/groups'
import { guestWords } from '../src/strings/guest'
import { helpWords } from '../src/strings/help'
import { homeWords } from '../src/strings/home'
import { inboxWords } from '../src/strings/inbox'
import { pseudo, strange } from '../src/strings/pseudo'
import { shareWords } from '../src/strings/share'

/** What is said anywhere, at once or later. */
const later = { ...findWords, ...groupsWords, ...guestWords, ...helpWords, ...homeWords, ...inboxWords, ...shareWords }
const all = { ...english, ...later }
const languages: [string, Catalogue][] = [['de', german]]
const forms = (entry: Entry): string[] => (typeof entry === 'string' ? [entry] : [entry.one, entry.other])
const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(String)

describe.each(languages)('the catalogue of %s', (_language, catalogue) => {
  it('has every sentence, and no other', () => {
    expect(Object.keys(catalogue).sort()).toEqual(Object.keys(all).sort())
  })

  it('says something in every form', () => {
    for (const entry of Object.values(catalogue)) for (const form of forms(entry)) expect(form.trim()).not.toBe('')
  })

  it('names the same things, and has plurals where English has', () => {
    for (const [key, entry] of Object.entries(all) as [keyof typeof all, Entry][]) {
      const other = catalogue[key]
      if (other === undefined) continue
      expect(typeof other, key).toBe(typeof entry)
      const wanted = new Set(forms(entry).flatMap(places))
      const found = new Set(forms(other).flatMap(places))
      expect([...found].sort(), key).toEqual([...wanted].sort())
    }
  })
})

describe('the pseudo-locale', () => {
  it('is accented, longer and in brackets, and keeps places', () => {
    expect(strange('{name} joined')).toBe('⟦{name} ĵöîñéð····⟧')
    expect(Object.keys(pseudo(english))).toEqual(Object.keys(english))
  })
})

describe('t', () => {
  it('chooses singular and plural, and fills places', () => {
    expect(t('word.offline.kept', { n: 1 })).toBe('Offline, 1 edit kept on this device')
    expect(t('word.offline.kept', { n: 2 })).toBe('Offline, 2 edits kept on this device')
    expect(t('people.joined', { name: 'Ada' })).toBe('Ada joined')
  })
})

describe('bytes', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1023 bytes'],
    [1024, '1 kB'],
    [1.5 * 2 ** 20, '1.5 MB'],
    [16 * 2 ** 20, '16 MB'],
    [3 * 2 ** 30, '3 GB'],
  ])('says %d', (count, words) => {
    expect(bytes(count)).toBe(words)
  })
})
