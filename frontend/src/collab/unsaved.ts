/**
 * The note on this device that a document holds edits which the server has not acknowledged.
 *
 * A state vector cannot tell (a deletion does not change it), so each tab keeps one small entry per document, written
 * before the edit can be lost and removed when the last edit is acknowledged. A later page takes over what is left.
 */
export const UNSAVED_PREFIX = 'coscribe:unsaved:'

/** Edits of one Yjs client from `clock` on are not known to be on the server. */
export interface Note {
  client: number
  clock: number
  count: number
}

export interface NoteStore {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export class UnsavedNotes {
  private readonly prefix: string
  private adopted: { key: string; value: string; note: Note }[] = []

  constructor(
    private readonly store: NoteStore | null,
    personId: string,
    documentId: string,
  ) {
    this.prefix = `${UNSAVED_PREFIX}${personId}:${documentId}:`
  }

  /** Takes over the notes that earlier pages, or other tabs, left for this document. Call before the copy is read. */
  adopt(): Note[] {
    this.adopted = []
    for (const key of keysOf(this.store, this.prefix)) {
      const value = this.store?.getItem(key) ?? ''
      const note = parse(value)
      if (note !== null) this.adopted.push({ key, value, note })
    }
    return this.adopted.map(({ note }) => note)
  }

  /** Writes this tab's own note. */
  write(note: Note): void {
    try {
      this.store?.setItem(this.prefix + note.client, JSON.stringify(note))
    } catch {
      // A full or forbidden storage costs the warning after a reload, not the text: that is in IndexedDB.
    }
  }

  /** Everything is on the server: removes the own note and those taken over, unless their tab has written since. */
  clear(client: number): void {
    this.store?.removeItem(this.prefix + client)
    for (const { key, value } of this.adopted) {
      if (this.store?.getItem(key) === value) this.store.removeItem(key)
    }
    this.adopted = []
  }

  /** Removes every note for this document: its local copy is gone. */
  drop(): void {
    for (const key of keysOf(this.store, this.prefix)) this.store?.removeItem(key)
    this.adopted = []
  }
}

/** Edits waiting on this device over all documents of all people. */
export function unsavedOnDevice(store: NoteStore | null): number {
  return keysOf(store, UNSAVED_PREFIX)
    .map((key) => parse(store?.getItem(key) ?? '')?.count ?? 0)
    .reduce((sum, count) => sum + count, 0)
}

export function keysOf(store: NoteStore | null, prefix: string): string[] {
  const keys: string[] = []
  for (let index = 0; index < (store?.length ?? 0); index++) {
    const key = store?.key(index)
    if (key?.startsWith(prefix)) keys.push(key)
  }
  return keys
}

function parse(value: string): Note | null {
  try {
    const { client, clock, count } = JSON.parse(value) as Partial<Note>
    if (typeof client !== 'number' || typeof clock !== 'number' || typeof count !== 'number') return null
    return { client, clock, count }
  } catch {
    return null
  }
}
