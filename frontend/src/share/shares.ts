/** Who has access and why, as the API tells it, and the requests that change it (the API's own page: /api/docs). */
import { request } from '../api'
import type { Role } from '../collab/wire'

export interface Person {
  id: string
  name: string
  color: string
}

/** What a person or a group has by name. */
export interface Share extends Person {
  /** Names it in addresses: `user-5`, `group-7`. */
  holder: string
  kind: 'user' | 'group'
  /** Empty unless the asker is an owner. */
  username: string
  role: Role
  you: boolean
  /** How many are in the group; null for a person. */
  people: number | null
}

export type LesserRole = Exclude<Role, 'owner'>
export type LinkRole = LesserRole | null

export interface Link {
  role: LinkRole
  expires_at: string | null
  has_password: boolean
  /** The most that links may give on this server; null: nothing. */
  most: LinkRole
  /** What to hand on; null for those who do not manage. */
  address: string | null
}

/** One of the roads to a role. */
export interface Why {
  kind: 'owner' | 'direct' | 'group'
  role: Role
  via: string
}

export interface Reached extends Person {
  role: Role
  whys: Why[]
}

export interface Invitation {
  id: number
  /** Empty: for whoever comes first with its link. */
  email: string
  role: Role
  made_by: Person
  expires_at: string
  /** Its maker may not give that role any more. */
  void: boolean
}

export interface AccessRequest {
  id: number
  person: Person
  role: LesserRole
  words: string
}

export interface Offer {
  by: Person
  to: Person
}

/** An act, in the words of its day; `words` say what was done, in the reader's language. */
export interface LogEntry {
  at: string
  words: string
  /** Null: an operator's command. */
  actor: { name: string } | null
  subject: { name: string } | null
  before: string
  after: string
  address: string | null
}

/** All that the dialog shows. What is for owners is empty to others. */
export interface Standing {
  shares: Share[]
  /** Where the rest of the shares begins; empty: that is all. */
  next: string
  you: { role: Role; why: 'owner' | 'direct' | 'group' | 'link' }
  /** Whether the asker may change any of it. */
  manage: boolean
  /** Whether people with the address may ask for access. */
  asks: boolean
  link: Link
  reached: Reached[]
  invitations: Invitation[]
  requests: AccessRequest[]
  offer: Offer | null
}

/** What became of one name that was added; `sentence` says it. */
export interface Added {
  text: string
  outcome: 'granted' | 'changed' | 'unchanged' | 'invited'
  invitation: Invitation | null
  /** The invitation's link, where mail brings it to nobody. */
  address: string | null
  sentence: string
}

export interface Suggestion {
  holder: string
  kind: 'user' | 'group'
  name: string
  color: string
  /** What to share with them by. */
  text: string
}

/** Each that changes access answers with the id of the change, under which its receipt comes. */
export type Changed = { change: string | null }
export type ChangedLink = Changed & { link: Link }

interface SharesPage extends Omit<Standing, 'asks' | 'reached' | 'invitations' | 'requests' | 'offer'> {
  requests: boolean
}

export class ShareRequests {
  /** `api` is the document in the API. */
  constructor(private readonly api: string) {}

  /** Everything, with this many pages of shares. */
  async standing(pages: number): Promise<Standing> {
    const [first, { offer }] = await Promise.all([this.page(''), this.offer()])
    const { requests: asks, ...rest } = first
    const found: Standing = { ...rest, asks, offer, reached: [], invitations: [], requests: [] }
    for (let page = 1; page < pages && found.next !== ''; page += 1) {
      const more = await this.page(found.next)
      found.shares = [...found.shares, ...more.shares]
      found.next = more.next
    }
    return first.manage ? { ...found, ...(await this.forOwners()) } : found
  }

  private page(after: string): Promise<SharesPage> {
    return request('GET', `${this.api}shares/?after=${encodeURIComponent(after)}`)
  }

  private async forOwners(): Promise<Pick<Standing, 'reached' | 'invitations' | 'requests'>> {
    const [access, invitations, requests] = await Promise.all([
      request<{ people: Reached[] }>('GET', `${this.api}access/`),
      request<{ invitations: Invitation[] }>('GET', `${this.api}invitations/`),
      this.requests(),
    ])
    return { reached: access.people, invitations: invitations.invitations, requests }
  }

  async requests(): Promise<AccessRequest[]> {
    return (await request<{ requests: AccessRequest[] }>('GET', `${this.api}requests/`)).requests
  }

  offer(): Promise<{ offer: Offer | null }> {
    return request('GET', `${this.api}offer/`)
  }

  log(after: string): Promise<{ entries: LogEntry[]; next: string }> {
    return request('GET', `${this.api}log/?after=${encodeURIComponent(after)}`)
  }

  async suggestions(text: string): Promise<Suggestion[]> {
    const url = `${this.api}suggestions/?q=${encodeURIComponent(text)}`
    return (await request<{ people: Suggestion[] }>('GET', url)).people
  }

  add(people: string[], role: Role): Promise<Changed & { added: Added[] }> {
    return request('POST', `${this.api}shares/`, { people, role })
  }

  revise(share: Share, role: Role): Promise<Changed> {
    return request('PATCH', this.urlOf(share), { role })
  }

  remove(share: Share): Promise<Changed> {
    return request('DELETE', this.urlOf(share))
  }

  /** The whole setting; a password that is left out stays. */
  setLink(link: { role: LinkRole; expires_at?: string | null; password?: string | null }): Promise<ChangedLink> {
    return request('PUT', `${this.api}link/`, link)
  }

  rotate(): Promise<ChangedLink> {
    return request('POST', `${this.api}link/rotation/`)
  }

  admit(admits: boolean): Promise<void> {
    return request('PUT', `${this.api}request-setting/`, { admits })
  }

  /** For whoever comes first with the link, which is told this once. */
  invite(role: LesserRole): Promise<Changed & { invitation: Invitation; address: string | null }> {
    return request('POST', `${this.api}invitations/`, { role })
  }

  uninvite(invitation: Invitation): Promise<Changed> {
    return request('DELETE', `${this.api}invitations/${invitation.id}/`)
  }

  answer(asked: AccessRequest, role: LinkRole): Promise<Changed> {
    return request('PUT', `${this.api}requests/${asked.id}/answer/`, { role })
  }

  offerTo(share: Share): Promise<Changed> {
    return request('PUT', `${this.api}offer/`, { person: Number(share.id) })
  }

  withdraw(): Promise<Changed> {
    return request('DELETE', `${this.api}offer/`)
  }

  accept(): Promise<Changed> {
    return request('POST', `${this.api}offer/acceptance/`)
  }

  refuse(): Promise<Changed> {
    return request('POST', `${this.api}offer/refusal/`)
  }

  private urlOf({ holder }: Share): string {
    return `${this.api}shares/${holder}/`
  }
}
