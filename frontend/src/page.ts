/** What the server printed into the page, typed and checked. */
import { type Person, ROLES, type Role } from './collab/wire'

export interface Page {
  document: { id: string; title: string; starred: boolean }
  role: Role
  person: Person
  /** The path of the document's socket. */
  socket: string
  /** The largest picture that the server takes. */
  imageMaxBytes: number
  urls: {
    document: string
    /** The document in the JSON API; what belongs to it is below. */
    api: string
    images: string
    export: string
    home: string
    account: string
    signIn: string
    signUp: string
    guestName: string
  }
}

/** The boot JSON of the document page. Raises when the server printed something else. */
export function readPage(): Page {
  const text = document.getElementById('boot')?.textContent
  if (!text) throw new Error('the page has no boot JSON')
  const page = JSON.parse(text) as Page
  for (const part of [page.document?.id, page.person?.id, page.socket, page.urls?.document]) {
    if (typeof part !== 'string') throw new Error('the boot JSON lacks a part')
  }
  if (!ROLES.includes(page.role)) throw new Error('the boot JSON names no role')
  return page
}

/** Whether this browser still, or again, has a session of the person whom the page was made for. */
export async function isSignedIn(page: Page): Promise<boolean> {
  try {
    const response = await fetch(page.urls.document, {
      credentials: 'same-origin',
      redirect: 'manual',
      cache: 'no-store',
    })
    return response.ok && (await response.text()).includes(`name="coscribe-person" content="${page.person.id}"`)
  } catch {
    return false
  }
}

export function socketUrl(path: string): string {
  const url = new URL(path, location.href)
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return url.href
}

/** The element with this id, which the template promises. */
export function part<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no #${id}`)
  return element as E
}
