/**
 * A language nobody speaks, made out of English: accented, a third longer and in brackets, so that a test sees what was
 * written past the catalogue, and what has no room for a longer language.
 */
import type { Catalogue, Entry } from '../strings'

const PLAIN = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const ACCENTED = 'åƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýžÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽ'

export function pseudo(english: Record<string, Entry>): Catalogue {
  const changed = Object.entries(english).map(([key, entry]): [string, Entry] => [
    key,
    typeof entry === 'string' ? strange(entry) : { one: strange(entry.one), other: strange(entry.other) },
  ])
  return Object.fromEntries(changed)
}

/** `{name}` stays as it is. The server's twin is `strange` in tests/browser/pseudo.py. */
export function strange(text: string): string {
  const letters = text.replace(/\{\w+\}|[a-zA-Z]/g, (found) => (found.length > 1 ? found : accented(found)))
  return `⟦${letters}${'·'.repeat(Math.ceil(text.length * 0.3))}⟧`
}

const accented = (letter: string): string => [...ACCENTED][PLAIN.indexOf(letter)] ?? letter
