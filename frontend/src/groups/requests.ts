/** What the page of groups asks of the API, in its words (`/api/teams/`). */
import { request } from '../api'

export interface Person {
  id: string
  name: string
  color: string
}

export interface Group {
  id: number
  name: string
  owner: Person
  /** Whether one owns it. */
  mine: boolean
}

export interface FullGroup extends Group {
  /** The owner first. */
  people: Person[]
  /** How many it has access to. */
  documents: number
}

const TEAMS = '/api/teams/'
const one = (id: number): string => `${TEAMS}${id}/`

export const groupRequests = {
  list: (after: string) =>
    request<{ teams: Group[]; next: string }>(
      'GET',
      after === '' ? TEAMS : `${TEAMS}?after=${encodeURIComponent(after)}`,
    ),
  read: (id: number) => request<FullGroup>('GET', one(id)),
  make: (name: string) => request<Group>('POST', TEAMS, { name }),
  rename: (id: number, name: string) => request<Group>('PATCH', one(id), { name }),
  delete: (id: number) => request<unknown>('DELETE', one(id)),
  add: (id: number, person: string) => request<{ person: Person }>('POST', `${one(id)}members/`, { person }),
  /** Oneself: that is leaving. */
  remove: (id: number, person: string) => request<unknown>('DELETE', `${one(id)}members/${person}/`),
  handOver: (id: number, person: string) => request<Group>('PUT', `${one(id)}owner/`, { person: Number(person) }),
}
