/**
 * Presence: who is here, as y-protocols' awareness carries it; sending is throttled, a short loss does not blink.
 *
 * The field `user` of others is stamped by the server (docs/wire.md, rule 7); its colour is still not trusted into CSS.
 */
import {
  type Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness'
import { Alarms, type Clock } from './clock'
import { safeColor } from './face'
import type { Person } from './wire'

export { initials, safeColor } from './face'

export const PRESENCE_MS = 80
/** What others do is shown this often at most: ten carets that move cost a page hardly more than one. */
export const SHOWN_MS = 100
/** People stay on the screen for this long after a loss, so that a quick reconnect does not blink. */
export const PRESENCE_GRACE_MS = 5_000
/** The same after a planned restart: the server that comes back knows them only once they have come back, too. */
export const RESTART_GRACE_MS = 20_000

export class Presence {
  private readonly alarms: Alarms
  private last: Record<string, unknown> | null = null
  private pending = false
  private readonly heard: Uint8Array[] = []
  private shownAt = 0

  constructor(
    readonly awareness: Awareness,
    private readonly clock: Clock,
    private readonly send: (update: Uint8Array) => boolean,
  ) {
    this.alarms = new Alarms(clock)
    awareness.on('update', this.onUpdate)
  }

  /** A socket is open: be seen there, with a clock that has risen, or others take this state for one already removed. */
  connected(): void {
    this.alarms.stop('grace')
    this.appear()
    this.awareness.setLocalState(this.awareness.getLocalState())
    this.flush()
  }

  disconnected(planned = false): void {
    this.show()
    this.alarms.start('grace', planned ? RESTART_GRACE_MS : PRESENCE_GRACE_MS, () => this.forgetOthers())
  }

  /** What the server says about others: shown at once after a silence, else with what comes along. */
  receive(update: Uint8Array): void {
    this.heard.push(update)
    if (this.clock.now() - this.shownAt >= SHOWN_MS) this.show()
    else this.alarms.start('show', SHOWN_MS, () => this.show())
  }

  private show(): void {
    this.shownAt = this.clock.now()
    for (const update of this.heard.splice(0)) {
      try {
        applyAwarenessUpdate(this.awareness, update, this)
      } catch (error) {
        console.error('coscribe: presence that cannot be read', error)
      }
    }
  }

  /** Takes the person off everybody's screen, best effort, for the page is being left; `appear` undoes it. */
  vanish(): void {
    this.last = this.awareness.getLocalState() ?? this.last
    this.awareness.setLocalState(null)
    this.flush()
  }

  appear(): void {
    if (this.awareness.getLocalState() === null && this.last !== null) this.awareness.setLocalState(this.last)
  }

  /** Sends the own state now. */
  flush(): void {
    this.alarms.stop('send')
    if (!this.pending) return
    const update = encodeAwarenessUpdate(this.awareness, [this.awareness.clientID])
    if (this.send(update)) this.pending = false
  }

  end(): void {
    this.alarms.end()
    this.awareness.off('update', this.onUpdate)
  }

  private readonly onUpdate = (
    { added, updated, removed }: { added: number[]; updated: number[]; removed: number[] },
    origin: unknown,
  ): void => {
    if (origin === this || ![...added, ...updated, ...removed].includes(this.awareness.clientID)) return
    this.pending = true
    this.alarms.start('send', PRESENCE_MS, () => this.flush())
  }

  private forgetOthers(): void {
    const others = [...this.awareness.getStates().keys()].filter((client) => client !== this.awareness.clientID)
    removeAwarenessStates(this.awareness, others, this)
    // Without their clocks, or the same states would not be taken again after the reconnect.
    for (const client of others) this.awareness.meta.delete(client)
  }
}

/** Somebody who is here, whatever the number of tabs. */
export interface Face extends Person {
  /** In none of the tabs anything was done for a minute. */
  idle: boolean
}

/** One face per person, in the order of their names, without the person `ownId`. */
export function facesIn(states: Iterable<Record<string, unknown>>, ownId: string): Face[] {
  const faces = new Map<string, Face>()
  for (const state of states) {
    const person = personIn(state.user)
    if (person === null || person.id === ownId) continue
    const idle = state.idle === true && (faces.get(person.id)?.idle ?? true)
    faces.set(person.id, { ...person, idle })
  }
  return [...faces.values()].sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id))
}

export function personIn(user: unknown): Person | null {
  if (typeof user !== 'object' || user === null) return null
  const { id, name, color, guest } = user as Record<string, unknown>
  if ((typeof id !== 'string' && typeof id !== 'number') || typeof name !== 'string') return null
  return { id: String(id), name, color: safeColor(color), guest: guest === true }
}
