/**
 * What is below the header: the views, the order, the lines. The server draws it; other views, other orders and more
 * lines are other addresses of the same page, read and put in place.
 */
import { request } from '../api'
import { part } from '../page'
import { dress, keyOf, type SortKey, tellTimes } from './line'

const MORE_WITHIN = '1200px'
const FIRST_SCREEN = 30

export class Desk {
  readonly element = part('desk')
  private reading = new AbortController()
  private wanted: string | null = null // the address that is being read, to be shown next
  private awaited: string | null = null // the document whose line is to have the focus when it is here
  private readonly nearEnd = new IntersectionObserver((entries) => this.sawEnd(entries), { rootMargin: MORE_WITHIN })

  /** `onLines` is called whenever lines came or went. */
  constructor(private readonly onLines: () => void) {
    this.settle()
  }

  get shelf(): string {
    return this.element.dataset.shelf ?? 'recent'
  }

  get text(): string {
    return this.element.dataset.text ?? ''
  }

  get lines(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>('.line')]
  }

  line(document: string): HTMLElement | null {
    return this.element.querySelector<HTMLElement>(`#line-${CSS.escape(document)}`)
  }

  /** Reads another address and shows what is there, unless another one is asked for meanwhile. */
  async show(url: string): Promise<'shown' | 'absent' | 'overtaken'> {
    this.reading.abort()
    this.reading = new AbortController()
    this.wanted = url
    const { signal } = this.reading
    const page = await read(url, signal).catch(absent)
    if (signal.aborted) return 'overtaken'
    this.wanted = null
    const found = page?.getElementById('desk')
    if (!found) return 'absent'
    const held = document.activeElement?.closest<HTMLElement>('.line')?.dataset.document
    this.element.replaceChildren(...found.childNodes)
    Object.assign(this.element.dataset, found.dataset)
    this.settle()
    if (held !== undefined) this.line(held)?.querySelector<HTMLElement>('.name')?.focus()
    this.greet()
    return 'shown'
  }

  /** Reads the present address again, unless another that will take its place is on its way. */
  private async again(): Promise<boolean> {
    const isLeaving = this.wanted !== null && this.wanted !== location.href
    return !isLeaving && (await this.show(location.href)) === 'shown'
  }

  /** Puts this document's line where it belongs, if this view shows it; `focused`: also when another reading does. */
  async bring(document: string, { focused = false } = {}): Promise<void> {
    if (focused) this.awaited = document
    if (this.line(document) !== null) return this.greet()
    const url = new URL(location.href)
    url.searchParams.set('document', document)
    const page = await read(url.href).catch(absent)
    const line = page?.querySelector<HTMLElement>('.line')
    if (!line || this.line(document) !== null) return
    if (this.lines.length === 0) return void (await this.again()) // an empty view has no list yet
    this.insert(line)
    this.greet()
    this.onLines()
  }

  private greet(): void {
    const name = this.awaited === null ? null : this.line(this.awaited)?.querySelector<HTMLElement>('.name')
    if (!name) return
    this.awaited = null
    name.focus()
  }

  /** Reads the beginning of the list again: what came is put in its place, what went is taken away. */
  async refresh(): Promise<void> {
    const page = await read(location.href).catch(absent)
    if (page === null) return
    const fresh = [...page.querySelectorAll<HTMLElement>('.line')]
    if (fresh.length === 0 || this.lines.length === 0) return void (await this.again())
    const kept = new Set(fresh.map(({ id }) => id))
    const last = fresh.at(-1)
    const isWhole = page.getElementById('more') === null
    for (const line of this.lines) {
      if (!kept.has(line.id) && (isWhole || (last && comesBefore(line, last, this.sort)))) line.remove()
    }
    for (const line of fresh) if (this.line(line.dataset.document ?? '') === null) this.insert(line)
    this.onLines()
  }

  /** Takes a line away; what had the focus in it gives it to the line after. */
  remove(line: HTMLElement): void {
    const next = (line.nextElementSibling ?? line.previousElementSibling) as HTMLElement | null
    const held = line.contains(document.activeElement)
    line.remove()
    if (held) next?.querySelector<HTMLElement>('.name')?.focus()
    if (this.lines.length === 0) void this.empty(held)
    this.onLines()
  }

  /** The last line has gone: shows what an empty view says, and keeps the focus on the page. */
  private async empty(held: boolean): Promise<void> {
    const shown = await this.again()
    if (!shown || !held || document.activeElement !== document.body) return
    this.element.querySelector<HTMLElement>('.shelves [aria-current]')?.focus()
  }

  private get sort(): SortKey {
    return (this.element.dataset.sort ?? 'edited') as SortKey
  }

  private insert(line: HTMLElement): void {
    const after = this.lines.find((other) => comesBefore(line, other, this.sort))
    if (after === undefined && document.getElementById('more') !== null) return // its page comes later
    dress(line)
    tellTimes(line)
    if (after) after.before(line)
    else this.element.querySelector('.documents')?.append(line)
  }

  /** After a page was put in place: what is kept here, the view on a narrow screen, and the end being near. */
  private settle(): void {
    for (const line of this.lines) dress(line)
    for (const line of this.lines.slice(0, FIRST_SCREEN)) tellTimes(line) // before they are painted
    const here = this.element.querySelector<HTMLElement>('.shelves [aria-current]')
    const views = here?.parentElement
    if (here && views) views.scrollLeft = here.offsetLeft - (views.clientWidth - here.offsetWidth) / 2 // a narrow screen
    this.watchEnd()
    this.onLines()
  }

  private watchEnd(): void {
    this.nearEnd.disconnect()
    const more = document.getElementById('more')
    if (more === null) return
    more.addEventListener('click', (event) => {
      event.preventDefault()
      void this.append()
    })
    this.nearEnd.observe(more)
  }

  private sawEnd(entries: IntersectionObserverEntry[]): void {
    if (entries.some(({ isIntersecting }) => isIntersecting)) void this.append()
  }

  private async append(): Promise<void> {
    const more = document.getElementById('more') as HTMLAnchorElement | null
    if (more === null || more.ariaBusy === 'true') return
    more.ariaBusy = 'true'
    const { signal } = this.reading
    const page = await read(more.href, signal).catch(absent)
    if (signal.aborted || !more.isConnected) return
    more.ariaBusy = null
    if (page === null) return // offline: the link stays, to be pressed again
    const list = this.element.querySelector('.documents')
    for (const line of page.querySelectorAll<HTMLElement>('.line')) {
      if (this.line(line.dataset.document ?? '') !== null) continue // it moved here while we read
      dress(line)
      list?.append(line)
    }
    const next = page.getElementById('more')
    if (next === null) more.closest('.pager')?.remove()
    else more.replaceWith(next)
    this.watchEnd()
    this.onLines()
  }
}

function comesBefore(one: HTMLElement, other: HTMLElement, sort: SortKey): boolean {
  const [a, b] = [keyOf(one, sort), keyOf(other, sort)]
  if (a === b) return (one.dataset.document ?? '') < (other.dataset.document ?? '')
  return sort === 'edited' || sort === 'created' ? a > b : a < b
}

/** The page at this address, not shown. A sign-in page in its place means that nobody is signed in: go there. */
async function read(url: string, signal?: AbortSignal): Promise<Document> {
  const response = await fetch(url, {
    headers: { Accept: 'text/html' },
    credentials: 'same-origin',
    signal: signal ?? null,
  })
  if (response.redirected) {
    location.reload()
    throw new Error('signed out')
  }
  if (!response.ok) throw new Error(`status ${response.status}`)
  return new DOMParser().parseFromString(await response.text(), 'text/html')
}

const absent = (): null => null

/** The requests about one document. */
export const documentRequests = {
  star: (id: string, on: boolean) => request<void>(on ? 'PUT' : 'DELETE', `/api/documents/${id}/star/`),
  rename: (id: string, title: string) => request<{ title: string }>('PATCH', `/api/documents/${id}/`, { title }),
  trash: (id: string) => request<void>('DELETE', `/api/documents/${id}/`),
  restore: (id: string) => request<void>('POST', `/api/trash/${id}/restoration/`),
  deleteForGood: (id: string) => request<void>('DELETE', `/api/trash/${id}/`),
  copy: (id: string) => request<{ id: string; title: string; url: string }>('POST', `/api/documents/${id}/copies/`),
}
