/** Room for a bar that is too narrow for its tools: those missed least go behind "More", where they are menu entries. */
import type { MenuEntry } from '../../menu'

export interface Part {
  element: HTMLElement
  /** What it is as entries of a menu; without them it never leaves the bar. */
  entries?: () => MenuEntry[]
  /** Who goes first: 1, then 2 …; who has none stays. */
  leaves?: number
}

export interface Fold {
  /** The entries of what is not in the bar now. */
  entries(): MenuEntry[]
  leave(): void
}

/** Keeps `parts` of `bar` in its width; `more` is shown while some are not. Measures when the bar's size changes only. */
export function foldParts(bar: HTMLElement, parts: Part[], more: HTMLElement): Fold {
  const leaving = parts.filter(({ leaves }) => leaves !== undefined).sort((a, b) => (a.leaves ?? 0) - (b.leaves ?? 0))
  let folded: Part[] = []
  const fit = () => {
    for (const { element } of folded) element.classList.remove('folded')
    folded = []
    more.hidden = true
    if (bar.clientWidth === 0 || getComputedStyle(bar).position === 'fixed') return // a phone's scrolls in itself
    for (const part of leaving) {
      if (bar.scrollWidth <= bar.clientWidth) return
      more.hidden = false
      part.element.classList.add('folded')
      folded.push(part)
    }
  }
  const watch = new ResizeObserver(fit)
  watch.observe(bar)
  void document.fonts?.ready.then(fit)
  return {
    entries: () => parts.flatMap((part) => (folded.includes(part) ? (part.entries?.() ?? []) : [])),
    leave: () => watch.disconnect(),
  }
}
