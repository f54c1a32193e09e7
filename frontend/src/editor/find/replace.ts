/** Replacing what was found: one undo step each, marks kept, mentions and formulas left alone. */

import type { EditorView } from '@tiptap/pm/view'
import { ownStep } from '../sync'
import { change, foundIn } from './plugin'
import type { Match } from './search'

/** Replaces these matches in one step; answers how many. */
export function replaceMatches(view: EditorView, matches: Match[], text: string): number {
  const able = matches.filter(({ fixed, from, to }) => !fixed && from < to)
  if (able.length === 0 || !view.editable) return 0
  ownStep(view.state)
  const { tr } = view.state
  for (const { from, to } of [...able].reverse()) {
    if (text === '') tr.delete(from, to)
    else tr.insertText(text, from, to)
  }
  view.dispatch(tr)
  ownStep(view.state)
  return able.length
}

/** Replaces the current match and goes on to the next that was there before; answers how many it replaced. */
export function replaceCurrent(view: EditorView, text: string): number {
  findAgain(view)
  const { matches, current } = foundIn(view.state)
  const match = matches[current]
  if (match === undefined) return 0
  const done = replaceMatches(view, [match], text)
  findAgain(view)
  const after = match.from + (done > 0 ? text.length : 1)
  const next = foundIn(view.state).matches.findIndex(({ from }) => from >= after)
  view.dispatch(
    change(view.state.tr, {
      type: 'go',
      index: next >= 0 ? next : Math.min(0, foundIn(view.state).matches.length - 1),
    }),
  )
  return done
}

export function replaceAll(view: EditorView, text: string): number {
  findAgain(view)
  const done = replaceMatches(view, foundIn(view.state).matches, text)
  findAgain(view)
  return done
}

/** Others may have typed since the last frame. */
function findAgain(view: EditorView): void {
  if (foundIn(view.state).stale) view.dispatch(change(view.state.tr, { type: 'again' }))
}
