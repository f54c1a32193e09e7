/**
 * Who is in the document and what they do: one member per person over all tabs and processes.
 *
 * That somebody types is read off the document itself (new content under their client id), so it needs no message.
 */
import type { Awareness } from 'y-protocols/awareness'
import type { Transaction } from 'yjs'
import { type Face, facesIn, personIn } from '../collab/presence'

export const TYPING_MS = 3_000

export type Doing = 'typing' | 'editing' | 'viewing' | 'idle'

export interface Member extends Face {
  doing: Doing
  /** Where their caret is or was last, as y-protocols' awareness carries it; null: it was never in the text. */
  cursor: Cursor | null
}

/** Yjs relative positions as JSON. */
export interface Cursor {
  anchor: unknown
  head: unknown
}

export class Company {
  private readonly listeners = new Set<() => void>()
  private readonly typing = new Map<number, ReturnType<typeof setTimeout>>()
  private readonly cursors = new Map<string, Cursor>()
  private known: Member[] = []
  private isEditing = false

  constructor(
    private readonly awareness: Awareness,
    private readonly ownId: string,
  ) {
    awareness.on('change', this.onAwareness)
    awareness.doc.on('afterTransaction', this.onTransaction)
    this.refresh()
  }

  /** The others, in the order of their names. */
  get members(): readonly Member[] {
    return this.known
  }

  find(id: string): Member | undefined {
    return this.known.find((member) => member.id === id)
  }

  /** How many people are here and how many of them have their caret in the text, oneself among them. */
  count(): { here: number; editing: number } {
    const own = this.awareness.getLocalState()
    const others = this.known.filter(({ doing }) => doing === 'typing' || doing === 'editing').length
    return { here: this.known.length + 1, editing: others + (own?.cursor ? 1 : 0) }
  }

  /** Calls `listener` after each change; the answer ends that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  end(): void {
    this.awareness.off('change', this.onAwareness)
    this.awareness.doc.off('afterTransaction', this.onTransaction)
    for (const timer of this.typing.values()) clearTimeout(timer)
    this.listeners.clear()
  }

  /** Of oneself only whether one has a caret in the text is of interest: it moves with each key. */
  private readonly onAwareness = ({
    added,
    updated,
    removed,
  }: Record<'added' | 'updated' | 'removed', number[]>): void => {
    const wasEditing = this.isEditing
    this.isEditing = Boolean(this.awareness.getLocalState()?.cursor)
    const others = [...added, ...updated, ...removed].some((client) => client !== this.awareness.clientID)
    if (others || this.isEditing !== wasEditing) this.refresh()
  }

  private readonly refresh = (): void => {
    const states = this.awareness.getStates()
    const busy = new Map<string, 'typing' | 'editing'>()
    for (const [client, state] of states) {
      const person = personIn(state.user)
      if (person === null || client === this.awareness.clientID) continue
      if (state.cursor) this.cursors.set(person.id, state.cursor)
      if (this.typing.has(client)) busy.set(person.id, 'typing')
      else if (state.cursor && busy.get(person.id) !== 'typing') busy.set(person.id, 'editing')
    }
    this.known = facesIn(states.values(), this.ownId).map((face) => ({
      ...face,
      doing: face.idle ? 'idle' : (busy.get(face.id) ?? 'viewing'),
      cursor: this.cursors.get(face.id) ?? null,
    }))
    for (const id of this.cursors.keys()) if (!this.find(id)) this.cursors.delete(id)
    for (const listener of this.listeners) listener()
  }

  private readonly onTransaction = (transaction: Transaction): void => {
    if (transaction.local) return
    let isNews = false
    for (const client of this.awareness.getStates().keys()) {
      const before = transaction.beforeState.get(client) ?? 0
      if ((transaction.afterState.get(client) ?? 0) <= before) continue
      isNews ||= !this.typing.has(client)
      clearTimeout(this.typing.get(client))
      this.typing.set(
        client,
        setTimeout(() => this.rest(client), TYPING_MS),
      )
    }
    if (isNews) this.refresh()
  }

  private rest(client: number): void {
    this.typing.delete(client)
    this.refresh()
  }
}
