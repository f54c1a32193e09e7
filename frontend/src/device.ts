/**
 * What this device keeps: a copy of each document (IndexedDB), pages for opening them offline (the service worker's
 * caches), notes of unsaved edits. All of it belongs to one person, and goes when that person signs out.
 */
import { keysOf, type NoteStore, UNSAVED_PREFIX } from './collab/unsaved'

const PREFIX = 'coscribe:'
const PERSON_KEY = 'coscribe:person'
const FORGET_WITHIN_MS = 2_000

/** `localStorage`, or null where the browser forbids it. */
export function noteStore(): NoteStore | null {
  try {
    return window.localStorage
  } catch {
    return null
  }
}

export const copyName = (personId: string, documentId: string): string => `${PREFIX}${personId}:${documentId}`

/** Whose device this is from now on; what an earlier person left is removed, but for edits no server has yet. */
export async function belongTo(personId: string): Promise<void> {
  const store = noteStore()
  const earlier = store?.getItem(PERSON_KEY) ?? null
  if (earlier === personId) return
  if (earlier !== null) {
    const notes = keysOf(store, UNSAVED_PREFIX).map((key) => key.slice(UNSAVED_PREFIX.length))
    const isNeeded = (name: string) => notes.some((note) => `${PREFIX}${note}`.startsWith(`${name}:`))
    const isOwn = (name: string) => name.startsWith(`${PREFIX}${personId}:`)
    await forgetCopies((name) => !isOwn(name) && !isNeeded(name))
  }
  store?.setItem(PERSON_KEY, personId)
}

/** Removes everything that any person left on this device. */
export async function forget(): Promise<void> {
  const store = noteStore()
  for (const key of keysOf(store, PREFIX)) store?.removeItem(key)
  await forgetCopies(() => true)
}

async function forgetCopies(chosen: (database: string) => boolean): Promise<void> {
  const work = Promise.all([forgetDatabases(chosen), forgetCaches()])
  await Promise.race([work.catch(() => {}), wait(FORGET_WITHIN_MS)])
}

async function forgetDatabases(chosen: (database: string) => boolean): Promise<void> {
  const databases = (await globalThis.indexedDB?.databases?.()) ?? []
  const names = databases.map(({ name }) => name ?? '').filter((name) => name.startsWith(PREFIX) && chosen(name))
  await Promise.all(names.map(deleteDatabase))
}

async function forgetCaches(): Promise<void> {
  const names = (await globalThis.caches?.keys()) ?? []
  await Promise.all(names.filter((name) => name.startsWith('coscribe-')).map((name) => caches.delete(name)))
}

export function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve) => {
    const request = indexedDB.deleteDatabase(name)
    request.onsuccess = request.onerror = () => resolve()
  })
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
