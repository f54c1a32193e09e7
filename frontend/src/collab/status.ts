/**
 * What the save word may say; pure. A `Status` is everything it depends on, `reduce` moves it, `saveWord` reads it.
 *
 * The word must never claim more than the server has confirmed (product: "The save word never lies").
 */
import { mayWrite, type Role } from './wire'

export const SAVING_AFTER_MS = 300
export const OFFLINE_AFTER_MS = 3_000
/** The same after a planned restart, which is no reason to alarm anybody. */
export const RESTARTED_WITHIN_MS = 20_000
export const STUCK_AFTER_MS = 15_000

/** Why nothing can be saved; `size` and `full` may pass when text is deleted, the others stay. */
export type Trouble = 'full' | 'size' | 'invalid' | 'protocol'

export interface Saved {
  seq: number
  /** Server time, milliseconds since the epoch; null as long as nothing was acknowledged in this session. */
  time: number | null
}

export interface Status {
  role: Role
  /** The browser's own idea of the network. */
  online: boolean
  synced: boolean
  everSynced: boolean
  /** When being without a synced socket is called offline. */
  offlineAt: number
  /** Local edits that the server has not acknowledged, and since when. */
  unsaved: number
  unsavedSince: number | null
  /** Whether unsaved edits are also in this device's storage. */
  kept: boolean
  trouble: Trouble | null
  saved: Saved | null
}

export type Event =
  | { type: 'role'; role: Role }
  | { type: 'network'; online: boolean; now: number }
  | { type: 'synced'; seq: number }
  | { type: 'lost'; now: number; planned?: boolean }
  | { type: 'unsaved'; count: number; since: number | null }
  | { type: 'kept'; kept: boolean }
  | { type: 'moved'; seq: number }
  | { type: 'acknowledged'; seq: number; time: number }
  | { type: 'trouble'; trouble: Trouble | null }

export function initialStatus(role: Role, online: boolean, now: number): Status {
  return {
    role,
    online,
    synced: false,
    everSynced: false,
    offlineAt: now + OFFLINE_AFTER_MS,
    unsaved: 0,
    unsavedSince: null,
    kept: true,
    trouble: null,
    saved: null,
  }
}

export function reduce(status: Status, event: Event): Status {
  switch (event.type) {
    case 'role':
      return { ...status, role: event.role }
    case 'network':
      return { ...status, online: event.online, offlineAt: offlineAt(status, !status.synced, event) }
    case 'synced':
      return { ...status, synced: true, everSynced: true, online: true, saved: saved(status, event.seq) }
    case 'lost':
      return { ...status, synced: false, offlineAt: offlineAt(status, status.synced, event) }
    case 'unsaved':
      return { ...status, unsaved: event.count, unsavedSince: event.count === 0 ? null : event.since }
    case 'kept':
      return { ...status, kept: event.kept }
    case 'moved':
      return { ...status, saved: saved(status, event.seq) }
    case 'acknowledged':
      return { ...status, saved: { seq: event.seq, time: event.time } }
    case 'trouble':
      return { ...status, trouble: event.trouble }
  }
}

export type WordState = 'connecting' | 'saved' | 'saving' | 'offline' | 'reconnecting' | 'failed' | 'readonly'

export interface Word {
  state: WordState
  /** Edits that are not on the server. */
  unsaved: number
  kept: boolean
  why: Trouble | 'slow' | null
  saved: Saved | null
}

/** The word at time `now`. */
export function saveWord(status: Status, now: number): Word {
  const { unsaved, kept, saved } = status
  const word = (state: WordState, why: Word['why'] = null): Word => ({ state, unsaved, kept, why, saved })
  if (status.trouble !== null) return word('failed', status.trouble)
  if (!status.synced) return word(unsynced(status, now))
  if (!mayWrite(status.role)) return word('readonly')
  const waiting = status.unsavedSince === null ? 0 : now - status.unsavedSince
  if (unsaved > 0 && waiting >= STUCK_AFTER_MS) return word('failed', 'slow')
  if (unsaved > 0 && waiting >= SAVING_AFTER_MS) return word(status.online ? 'saving' : 'offline')
  return word('saved')
}

/** When the word next changes without any event; null when only an event can change it. */
export function wordChangesAt(status: Status, now: number): number | null {
  const moments: number[] = []
  if (!status.synced) moments.push(status.offlineAt)
  else if (status.unsavedSince !== null) {
    moments.push(status.unsavedSince + SAVING_AFTER_MS, status.unsavedSince + STUCK_AFTER_MS)
  }
  const ahead = moments.filter((moment) => moment > now)
  return ahead.length === 0 ? null : Math.min(...ahead)
}

function unsynced(status: Status, now: number): WordState {
  if (!status.online || now >= status.offlineAt) return 'offline'
  return status.everSynced ? 'reconnecting' : 'connecting'
}

const offlineAt = (status: Status, anew: boolean, { now, planned }: { now: number; planned?: boolean }): number =>
  anew ? now + (planned ? RESTARTED_WITHIN_MS : OFFLINE_AFTER_MS) : status.offlineAt

const saved = (status: Status, seq: number): Saved => ({ seq, time: status.saved?.time ?? null })
