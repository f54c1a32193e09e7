/** The copy of one document in this device's storage, which opens before any network does. */
import { IndexeddbPersistence } from 'y-indexeddb'
import type { Doc } from 'yjs'
import { deleteDatabase, wait } from './device'

const OPEN_WITHIN_MS = 4_000

export interface Copy {
  /** The origin of what it puts into the doc. */
  readonly origin: unknown
  /** Whether the device takes edits. */
  readonly kept: boolean
  /** Whether this device has ever had the document. */
  readonly known: boolean
  /** The document is complete here now. */
  setKnown(): void
  close(): void
  /** Removes the copy from the device. */
  remove(): Promise<void>
}

/** Loads the local copy into `doc`. Never fails: without storage the answer is a copy that keeps nothing. */
export async function openCopy(name: string, doc: Doc, onClosed: () => void): Promise<Copy> {
  if (typeof indexedDB === 'undefined') return NO_COPY
  const persistence = new IndexeddbPersistence(name, doc)
  const opened = Promise.race([
    persistence.whenSynced.then(() => true),
    persistence._db.then(() => new Promise<never>(() => {})), // only its failure counts
    wait(OPEN_WITHIN_MS).then(() => false),
  ]).catch(() => false)
  if (!(await opened)) {
    persistence.destroy().catch(() => {})
    return NO_COPY
  }
  // Another tab removes the copy: y-indexeddb would write into a closed database.
  persistence.db?.addEventListener('versionchange', () => {
    persistence.destroy()
    onClosed()
  })
  const known = doc.store.clients.size > 0 || (await persistence.get('known').catch(() => false)) === 1
  return {
    origin: persistence,
    kept: true,
    known,
    setKnown: () => void persistence.set('known', 1).catch(() => {}),
    close: () => void persistence.destroy(),
    remove: async () => {
      await persistence.destroy()
      await deleteDatabase(name)
    },
  }
}

const NO_COPY: Copy = {
  origin: Symbol('no copy'),
  kept: false,
  known: false,
  setKnown: () => {},
  close: () => {},
  remove: async () => {},
}
