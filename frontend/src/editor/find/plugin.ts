/**
 * The state of a search in the editor: matches, the current one, and their decorations.
 *
 * Every change of the text moves the matches at once and cheaply; they are found again once a frame at most. Only so
 * many are painted as can be near what is on the screen: a letter in a hundred pages is found 30,000 times.
 */
import { Extension } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { type EditorState, Plugin, PluginKey, type Transaction } from '@tiptap/pm/state'
import { Decoration, DecorationSet, type EditorView } from '@tiptap/pm/view'
import { type Match, Search } from './search'

const PAINTED = 600

export interface Found {
  search: Search
  matches: Match[]
  /** Index of the current match; -1: there is none. */
  current: number
  /** Index around which matches are painted. */
  around: number
  decorations: DecorationSet
  /** The text has changed since the matches were found. */
  stale: boolean
}

type Change =
  | { type: 'search'; search: Search; near: number }
  | { type: 'end' }
  | { type: 'again' }
  | { type: 'go'; index: number }
  | { type: 'around'; index: number }

export const findKey = new PluginKey<Found>('find')

export const change = (transaction: Transaction, what: Change): Transaction => transaction.setMeta(findKey, what)

/** Part of every editor: to add a plugin later would begin all others anew, and end what is being uploaded. */
export const FindMatches = Extension.create({
  name: 'findMatches',
  addProseMirrorPlugins: () => [findPlugin()],
})

function findPlugin(): Plugin<Found> {
  return new Plugin<Found>({
    key: findKey,
    state: { init: () => NOTHING, apply },
    props: { decorations: (state) => findKey.getState(state)?.decorations },
    view(view) {
      let frame = 0
      const again = () => {
        frame = 0
        if (!view.isDestroyed && findKey.getState(view.state)?.stale) {
          view.dispatch(change(view.state.tr, { type: 'again' }))
        }
      }
      const onScroll = () => paintAround(view)
      window.addEventListener('scroll', onScroll, { passive: true })
      return {
        update() {
          if (foundIn(view.state).stale) frame ||= requestAnimationFrame(again)
        },
        destroy() {
          cancelAnimationFrame(frame)
          window.removeEventListener('scroll', onScroll)
        },
      }
    },
  })
}

export const foundIn = (state: EditorState): Found => findKey.getState(state) ?? NOTHING

const NOTHING: Found = {
  search: new Search({ text: '', matchCase: false, wholeWord: false }),
  matches: [],
  current: -1,
  around: 0,
  decorations: DecorationSet.empty,
  stale: false,
}

function apply(transaction: Transaction, found: Found, _: EditorState, { doc }: EditorState): Found {
  const what = transaction.getMeta(findKey) as Change | undefined
  let next = transaction.docChanged ? moved(found, transaction) : found
  if (what?.type === 'end') return NOTHING
  if (what?.type === 'search') {
    const matches = what.search.in(doc)
    const current = firstAfter(matches, what.near)
    next = { search: what.search, matches, current, around: current, decorations: DecorationSet.empty, stale: false }
  } else if (what?.type === 'again') {
    const matches = next.search.in(doc)
    const at = next.matches[next.current]?.from
    next = {
      ...next,
      matches,
      current: at === undefined ? firstAfter(matches, 0) : firstAfter(matches, at),
      stale: false,
    }
  } else if (what?.type === 'go') {
    next = { ...next, current: what.index, around: what.index }
  } else if (what?.type === 'around') {
    next = { ...next, around: what.index }
  }
  return what === undefined ? next : { ...next, decorations: painted(doc, next) }
}

function moved(found: Found, { mapping, doc }: Transaction): Found {
  if (found.matches.length === 0 && found.search.query.text === '') return found
  const matches = found.matches.map((match) => ({
    ...match,
    from: mapping.map(match.from, 1),
    to: mapping.map(match.to, -1),
  }))
  return { ...found, matches, decorations: found.decorations.map(mapping, doc), stale: true }
}

/** The first match at or after a position, or the first of all; -1 without matches. */
function firstAfter(matches: Match[], pos: number): number {
  const index = matches.findIndex(({ from }) => from >= pos)
  return index >= 0 ? index : matches.length > 0 ? 0 : -1
}

function painted(doc: Node, { matches, current, around }: Found): DecorationSet {
  const start = Math.max(0, Math.min(around - PAINTED / 2, matches.length - PAINTED))
  const decorations = matches.slice(start, start + PAINTED).map(({ from, to }, index) => {
    const isCurrent = start + index === current
    return Decoration.inline(from, to, { class: isCurrent ? 'match current' : 'match' })
  })
  return DecorationSet.create(doc, decorations)
}

/** Paints other matches when one has scrolled away from those that are painted. */
function paintAround(view: EditorView): void {
  const { matches, around } = foundIn(view.state)
  if (matches.length <= PAINTED) return
  const middle = view.posAtCoords({ left: view.dom.getBoundingClientRect().left + 40, top: window.innerHeight / 2 })
  if (middle === null) return
  const index = firstAfter(matches, middle.pos)
  if (Math.abs(index - around) > PAINTED / 4) view.dispatch(change(view.state.tr, { type: 'around', index }))
}
