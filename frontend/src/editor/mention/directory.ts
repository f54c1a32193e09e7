/** The people of a document: searched for while one types, and their names of today for those mentioned in it. */
import { request } from '../../api'

export interface Mentionable {
  id: string
  name: string
  /** `#rrggbb` */
  color: string
}

const FRESH_MS = 60_000
const GATHER_MS = 50
const MOST_IDS = 100 // of one question; documents/people_views.py

type Ask = <T>(method: string, url: string) => Promise<T>

export class Directory {
  private readonly searches = new Map<string, { at: number; people: Promise<Mentionable[]> }>()
  private readonly names = new Map<string, string>()
  private readonly asked = new Set<string>()
  private wanted = new Set<string>()
  private readonly listeners = new Set<() => void>()

  constructor(
    private readonly url: string,
    private readonly ask: Ask = request,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Those whose names have `query` in them; from memory when that was asked within a minute. Raises `ApiError`. */
  search(query: string): Promise<Mentionable[]> {
    const text = query.trim().toLowerCase()
    const known = this.searches.get(text)
    if (known !== undefined && this.now() - known.at < FRESH_MS) return known.people
    const people = this.find(`?q=${encodeURIComponent(text)}`)
    this.searches.set(text, { at: this.now(), people })
    people.catch(() => this.searches.delete(text))
    return people
  }

  /** What the person is called now; undefined until it is known (it is asked for), and for who has no access. */
  nameOf(id: string): string | undefined {
    if (!this.asked.has(id) && /^\d{1,19}$/.test(id)) {
      if (this.wanted.size === 0) setTimeout(() => void this.learn(), GATHER_MS)
      this.asked.add(id)
      this.wanted.add(id)
    }
    return this.names.get(id)
  }

  /** Calls back when names have become known; the answer ends it. */
  onNames(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private async learn(): Promise<void> {
    const ids = [...this.wanted].slice(0, MOST_IDS)
    const rest = [...this.wanted].slice(MOST_IDS)
    this.wanted = new Set(rest)
    if (rest.length > 0) setTimeout(() => void this.learn(), GATHER_MS)
    try {
      await this.find(`?ids=${ids.join(',')}`)
    } catch {
      for (const id of ids) this.asked.delete(id) // offline: asked again when a mention is drawn anew
    }
  }

  private async find(query: string): Promise<Mentionable[]> {
    const { people } = await this.ask<{ people: Mentionable[] }>('GET', this.url + query)
    let news = false
    for (const { id, name } of people) {
      news ||= this.names.get(id) !== name
      this.names.set(id, name)
      this.asked.add(id)
    }
    if (news) for (const listener of this.listeners) listener()
    return people
  }
}
