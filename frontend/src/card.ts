/**
 * A small card beside something that can be focused: what it is, in more words than fit on it.
 *
 * It shows while the pointer rests on the anchor or the card, on keyboard focus and on a tap; Escape takes it away
 * (WCAG 1.4.13). It only tells: what can be pressed belongs in a menu.
 */
import { h } from './dom'

const REST_MS = 120
const GAP_PX = 8
const EDGE_PX = 8
let made = 0

export interface Card {
  /** Writes the card again, when it shows. */
  refresh(): void
  destroy(): void
}

/** Gives `anchor` a card that `fill` writes each time it is shown or refreshed. Without parts it does not show. */
export function mountCard(anchor: HTMLElement, fill: () => (Node | string)[]): Card {
  const card = h('div', { class: 'card', role: 'tooltip', id: `card-${++made}` })
  card.popover = 'manual'
  document.body.append(card)
  anchor.setAttribute('aria-describedby', card.id)
  const ending = new AbortController()
  const { signal } = ending
  let timer: ReturnType<typeof setTimeout> | undefined

  const isOpen = () => card.matches(':popover-open')
  const write = () => card.replaceChildren(...fill())
  const show = () => {
    clearTimeout(timer)
    if (isOpen()) return
    write()
    if (!card.hasChildNodes()) return
    card.showPopover()
    place(card, anchor)
    document.addEventListener('keydown', onKey, { capture: true, signal })
  }
  const hide = () => {
    clearTimeout(timer)
    document.removeEventListener('keydown', onKey, { capture: true })
    if (isOpen()) card.hidePopover()
  }
  const later = (act: () => void) => () => {
    clearTimeout(timer)
    timer = setTimeout(act, REST_MS)
  }
  function onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') hide()
  }
  anchor.addEventListener('pointerenter', (event) => event.pointerType === 'mouse' && later(show)(), { signal })
  anchor.addEventListener('pointerleave', (event) => event.pointerType === 'mouse' && later(hide)(), { signal })
  card.addEventListener('pointerenter', () => clearTimeout(timer), { signal })
  card.addEventListener('pointerleave', later(hide), { signal })
  anchor.addEventListener('focus', () => anchor.matches(':focus-visible') && show(), { signal })
  anchor.addEventListener('click', show, { signal })
  anchor.addEventListener('blur', hide, { signal })
  document.addEventListener('pointerdown', (event) => beside(event, anchor, card) && hide(), { signal })
  return {
    refresh() {
      if (!isOpen()) return
      write()
      place(card, anchor)
    },
    destroy() {
      hide()
      ending.abort()
      anchor.removeAttribute('aria-describedby')
      card.remove()
    },
  }
}

function beside(event: Event, ...elements: HTMLElement[]): boolean {
  return !elements.some((element) => event.target instanceof Node && element.contains(event.target))
}

/** Under the anchor where there is room, else above it, on the screen in any case. */
function place(card: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect()
  const { clientWidth, clientHeight } = document.documentElement
  const { offsetWidth, offsetHeight } = card
  const below = at.bottom + GAP_PX
  const top = below + offsetHeight <= clientHeight - EDGE_PX ? below : at.top - GAP_PX - offsetHeight
  const middle = at.left + at.width / 2 - offsetWidth / 2
  const left = Math.max(EDGE_PX, Math.min(middle, clientWidth - EDGE_PX - offsetWidth))
  card.style.setProperty('top', `${top}px`)
  card.style.setProperty('left', `${left}px`)
}
