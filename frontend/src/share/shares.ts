/** The requests of the share dialog. */
import { request } from '../api'
import type { Role } from '../collab/wire'

export interface Share {
  id: string
  kind: 'user' | 'group'
  name: string
  /** Empty unless the asker is an owner. */
  email: string
  color: string
  role: Role
  you: boolean
}

export type LinkRole = Exclude<Role, 'owner'> | null

export interface Shares {
  shares: Share[]
  link: { role: LinkRole }
  /** Whether the asker may change any of it. */
  manage: boolean
}

export class ShareRequests {
  constructor(
    private readonly sharesUrl: string,
    private readonly linkUrl: string,
  ) {}

  list(): Promise<Shares> {
    return request('GET', this.sharesUrl)
  }

  add(person: string, role: Role): Promise<Share> {
    return request('POST', this.sharesUrl, { person, role })
  }

  revise(share: Share, role: Role): Promise<Share> {
    return request('PATCH', this.urlOf(share), { role })
  }

  remove(share: Share): Promise<void> {
    return request('DELETE', this.urlOf(share))
  }

  setLink(role: LinkRole): Promise<{ role: LinkRole }> {
    return request('PUT', this.linkUrl, { role })
  }

  private urlOf({ kind, id }: Share): string {
    return `${this.sharesUrl}${kind}-${id}/`
  }
}
