/** What the inbox asks of the API, in its words (`/api/notices/`). */
import { request } from '../api'
import type { Role } from '../collab/wire'

export type Lesser = Exclude<Role, 'owner'>

export interface Notice {
  id: number
  kind: 'shared' | 'changed' | 'requested' | 'answered' | 'claimed' | 'offered'
  /** What happened, in the language of the page; the title of the document is in it in quotes. */
  sentence: string
  actor: string
  title: string
  document: string | null
  url: string | null
  role: Role | null
  made_at: string
  read: boolean
  /** Somebody asks, and one can answer. */
  request: { id: number; role: Lesser; words: string } | null
  /** One is offered ownership, and can accept. */
  offer: boolean
}

export interface Pile {
  notices: Notice[]
  /** What the page after this one is asked with; empty: there is none. */
  next: string
  unread: number
}

const NOTICES = '/api/notices/'
const place = (notice: Notice): string => `/api/documents/${notice.document}/`

export const inboxRequests = {
  read: (after = '') => request<Pile>('GET', after === '' ? NOTICES : `${NOTICES}?after=${encodeURIComponent(after)}`),
  /** Survives the page, for it is sent on the way to another. */
  mark: (ids: number[]) => request<{ unread: number }>('POST', `${NOTICES}read/`, { ids }, { keepalive: true }),
  markAll: () => request<{ unread: number }>('POST', `${NOTICES}read/`, {}),
  answer: (notice: Notice, role: Lesser | null) =>
    request<unknown>('PUT', `${place(notice)}requests/${notice.request?.id}/answer/`, { role }),
  accept: (notice: Notice) => request<unknown>('POST', `${place(notice)}offer/acceptance/`),
  refuse: (notice: Notice) => request<unknown>('POST', `${place(notice)}offer/refusal/`),
}

export type InboxRequests = typeof inboxRequests
