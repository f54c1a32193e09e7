/** What all bars of tools share: one tab stop with arrow keys (ARIA APG, "Toolbar"), a look once a frame, Alt+F10. */
import type { Editor } from '@tiptap/core'

/** Calls `show` at most once a frame after transactions, and once now; the answer ends it. */
export function eachFrame(editor: Editor, show: () => void): () => void {
  let frame = 0
  const ask = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0
      if (!editor.isDestroyed) show()
    })
  }
  editor.on('transaction', ask)
  editor.on('focus', ask)
  editor.on('blur', ask)
  show()
  return () => {
    cancelAnimationFrame(frame)
    editor.off('transaction', ask)
    editor.off('focus', ask)
    editor.off('blur', ask)
  }
}

/** What the tools show depends on this alone while nothing is selected: as one types on, it stays the same. */
export function situation({ state, isEditable }: Editor): string {
  const { $from, empty } = state.selection
  if (!empty) return `${Math.random()}` // what a selection holds is not looked through twice
  const marks = (state.storedMarks ?? $from.marks()).map(({ type, attrs }) => type.name + JSON.stringify(attrs))
  const blocks: string[] = []
  for (let depth = $from.depth; depth > 0; depth--) {
    const { type, attrs } = $from.node(depth)
    blocks.push(type.name, String(attrs.level ?? attrs.textAlign ?? ''))
  }
  return [isEditable, ...blocks, ...marks].join()
}

/** Makes the buttons of `bar` one tab stop: the one that has the focus, else the first. */
export function rove(bar: HTMLElement, editor: Editor): () => void {
  const own = () =>
    [...bar.querySelectorAll<HTMLElement>('button')].filter(
      (stop) => stop.closest('[popover]') === bar.closest('[popover]'), // not of a menu or palette that opens in it
    )
  const stops = () => own().filter((stop) => stop.checkVisibility())
  const settle = (stop: HTMLElement | undefined) => {
    for (const each of own()) each.tabIndex = each === stop ? 0 : -1
  }
  const onFocus = ({ target }: FocusEvent) => {
    if (target instanceof HTMLElement && own().includes(target)) settle(target)
  }
  const onLeave = ({ relatedTarget }: FocusEvent) => {
    if (!(relatedTarget instanceof Node && bar.contains(relatedTarget))) settle(own()[0])
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    const all = stops()
    const from = all.indexOf(document.activeElement as HTMLElement)
    if (from < 0) return
    if (event.key === 'Escape') {
      event.preventDefault()
      editor.commands.focus(null, { scrollIntoView: false })
      return
    }
    const forward = getComputedStyle(bar).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
    const backward = forward === 'ArrowRight' ? 'ArrowLeft' : 'ArrowRight'
    let to: number
    if (event.key === 'Home') to = 0
    else if (event.key === 'End') to = all.length - 1
    else if (event.key === forward) to = (from + 1) % all.length
    else if (event.key === backward) to = (from - 1 + all.length) % all.length
    else return
    event.preventDefault()
    all[to]?.focus()
  }
  bar.addEventListener('focusin', onFocus)
  bar.addEventListener('focusout', onLeave)
  bar.addEventListener('keydown', onKey)
  settle(own()[0])
  return () => {
    bar.removeEventListener('focusin', onFocus)
    bar.removeEventListener('focusout', onLeave)
    bar.removeEventListener('keydown', onKey)
  }
}

/** In this order Alt+F10 goes through them: the nearest to the text first. */
const BARS = '.bubble, .table-bar, .tools'

/** Alt+F10 goes from the text to the bar nearest to it, from bar to bar, and back to the text. */
export function mountBars({ editor }: { editor: Editor }): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'F10' || !event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    const bars = [...document.querySelectorAll<HTMLElement>(BARS)].filter((bar) => !bar.inert && bar.checkVisibility())
    const order = BARS.split(', ').flatMap((kind) => bars.filter((bar) => bar.matches(kind)))
    const here = order.findIndex((bar) => bar.contains(document.activeElement))
    const next = order[here + 1]
    if (next) next.querySelector<HTMLElement>('button[tabindex="0"]')?.focus()
    else editor.commands.focus(null, { scrollIntoView: false })
  }
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
}
