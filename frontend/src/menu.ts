/**
 * Menus that a button opens (ARIA APG, "Menu Button"), in the top layer by the `popover` attribute.
 *
 *   mountMenu(button, () => [{ label: t('x.rename'), icon: icon(Pen), run: rename }, 'separator', …])
 *   mountMenu(button, [{ group: t('x.sort'), items: […each with `checked`] }])
 *   mountMenu(button, element)   // of the page itself: what is marked role="menuitem…" in it are its items
 *
 * Enter, Space, a click and the down arrow open on the first item, the up arrow on the last. In it arrows, Home, End and
 * first letters move; Enter chooses; Escape closes and gives the focus back; Tab closes and goes on. The menu is put
 * right after its button, so it works inside a dialog too. Its look is in `styles/menu.css`, which `base.css` brings.
 */
import { h } from './dom'

export interface MenuItem {
  label: string
  /** A picture before the label, or nothing. */
  icon?: SVGElement
  /** What follows, after the menu has closed and the button has the focus again. */
  run?: () => void
  /** A link in place of an act. */
  href?: string
  /** Present on items that are switched on and off, or chosen out of a group. */
  checked?: boolean
  /** What is to be seen of a keyboard shortcut, such as "Ctrl+D". */
  keys?: string
  disabled?: boolean
  /** An act that cannot be undone. */
  danger?: boolean
}

/** Items of which one is checked. */
export interface MenuGroup {
  group: string
  items: MenuItem[]
}

export type MenuEntry = MenuItem | MenuGroup | 'separator'

export interface Menu {
  readonly element: HTMLElement
  open(at?: 'first' | 'last'): void
  close(): void
  /** Takes the menu off the page and leaves the button alone. */
  destroy(): void
}

const GAP_PX = 6
const EDGE_PX = 8
const TYPING_MS = 600

/** Makes `button` open a menu of `entries` (a function is asked at each opening), or of the element given. */
export function mountMenu(button: HTMLButtonElement, entries: MenuEntry[] | (() => MenuEntry[]) | HTMLElement): Menu {
  const own = entries instanceof HTMLElement
  const menu = own ? entries : h('div', { class: 'menu', role: 'menu' })
  const ending = new AbortController()
  const { signal } = ending
  menu.popover = 'auto'
  if (!own) button.after(menu)
  if (!menu.hasAttribute('aria-label')) menu.setAttribute('aria-label', nameOf(button))
  button.popoverTargetElement = menu // so that a press on the button of an open menu closes it
  button.setAttribute('aria-haspopup', 'menu')
  button.setAttribute('aria-expanded', 'false')

  const close = () => menu.matches(':popover-open') && menu.hidePopover()
  const leave = () => {
    close()
    button.focus()
  }
  let wanted: 'first' | 'last' = 'first'
  const open = (at: 'first' | 'last' = 'first') => {
    wanted = at
    if (!menu.matches(':popover-open')) menu.showPopover({ source: button })
  }
  const place = () => placeAt(menu, button)

  menu.addEventListener(
    'beforetoggle',
    (event) => {
      if (event.newState !== 'open' || own) return
      const made = typeof entries === 'function' ? entries() : entries
      menu.replaceChildren(...made.map((entry) => elementOf(entry, leave)))
    },
    { signal },
  )
  menu.addEventListener(
    'toggle',
    (event) => {
      const opened = event.newState === 'open'
      button.setAttribute('aria-expanded', String(opened))
      if (opened) {
        place()
        const items = itemsOf(menu)
        for (const item of items) item.tabIndex = -1
        items.at(wanted === 'first' ? 0 : -1)?.focus({ preventScroll: true })
        window.addEventListener('scroll', place, { capture: true, passive: true, signal })
        window.addEventListener('resize', place, { signal })
      } else {
        wanted = 'first'
        window.removeEventListener('scroll', place, { capture: true })
        window.removeEventListener('resize', place)
        if (menu.contains(document.activeElement)) button.focus()
      }
    },
    { signal },
  )
  button.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
      event.preventDefault()
      open(event.key === 'ArrowDown' ? 'first' : 'last')
    },
    { signal },
  )
  const typed = new Typed()
  menu.addEventListener(
    'keydown',
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (event.key.length > 1 && event.key !== 'Shift') typed.end() // what is typed now begins a name anew
      if (event.key === 'Tab') return close()
      if (event.key === 'Escape') leave()
      else if (!step(menu, event.key, typed)) return
      event.preventDefault()
      event.stopPropagation() // a key in a menu is not a shortcut of the page
    },
    { signal },
  )
  menu.addEventListener('pointermove', (event) => hovered(event.target)?.focus({ preventScroll: true }), { signal })

  return {
    element: menu,
    open,
    close,
    destroy() {
      close()
      ending.abort()
      button.popoverTargetElement = null
      if (!own) menu.remove()
    },
  }
}

function elementOf(entry: MenuEntry, leave: () => void): HTMLElement {
  if (entry === 'separator') return h('div', { role: 'separator', class: 'menu-line' })
  if (!('group' in entry)) return itemElement(entry, 'menuitemcheckbox', leave)
  const items = entry.items.map((item) => itemElement(item, 'menuitemradio', leave))
  const title = h('span', { class: 'menu-title', 'aria-hidden': 'true' }, entry.group)
  return h('div', { role: 'group', 'aria-label': entry.group }, title, ...items)
}

function itemElement(item: MenuItem, switched: 'menuitemcheckbox' | 'menuitemradio', leave: () => void): HTMLElement {
  const { checked, disabled = false } = item
  const role = checked === undefined ? 'menuitem' : switched
  const parts: (Node | string)[] = [h('span', { class: 'menu-label' }, item.label)]
  if (item.icon) parts.unshift(item.icon)
  if (item.keys) parts.push(h('kbd', { class: 'menu-keys', 'aria-hidden': 'true' }, item.keys))
  const shared = { role, class: item.danger ? 'menu-item danger' : 'menu-item', 'aria-disabled': disabled && 'true' }
  const element = item.href
    ? h('a', { ...shared, href: item.href }, ...parts)
    : h('button', { ...shared, type: 'button' }, ...parts)
  if (checked !== undefined) element.setAttribute('aria-checked', String(checked))
  element.addEventListener('click', (event) => {
    if (disabled) return event.preventDefault()
    leave()
    item.run?.()
  })
  return element
}

/** Moves the focus as a key asks; says whether the key was one of a menu's. */
function step(menu: HTMLElement, key: string, typed: Typed): boolean {
  const items = itemsOf(menu)
  const here = items.indexOf(document.activeElement as HTMLElement)
  let next: HTMLElement | undefined
  if (key === 'ArrowDown') next = items[(here + 1) % items.length]
  else if (key === 'ArrowUp') next = items.at(here <= 0 ? -1 : here - 1)
  else if (key === 'Home') next = items[0]
  else if (key === 'End') next = items.at(-1)
  else if (key === ' ' && !typed.isGoingOn())
    items[here]?.click() // a link would scroll the page
  else if (key.length === 1) next = typed.find(key, items, here)
  else return false
  next?.focus()
  return true
}

/** The letters of a name, typed quickly one after the other. */
class Typed {
  private text = ''
  private until = 0

  /** Whether a space is one of the name. */
  isGoingOn(): boolean {
    return performance.now() < this.until
  }

  end(): void {
    this.until = 0
  }

  find(letter: string, items: HTMLElement[], here: number): HTMLElement | undefined {
    const now = performance.now()
    this.text = this.isGoingOn() ? this.text + letter.toLocaleLowerCase() : letter.toLocaleLowerCase()
    this.until = now + TYPING_MS
    const from = this.text.length === 1 ? here + 1 : here
    const round = [...items.slice(from), ...items.slice(0, from)]
    return round.find((item) => nameOf(item).toLocaleLowerCase().startsWith(this.text))
  }
}

const itemsOf = (menu: HTMLElement): HTMLElement[] =>
  [...menu.querySelectorAll<HTMLElement>('[role^=menuitem]')].filter((item) => item.checkVisibility())

const hovered = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>('[role^=menuitem]') : null

const nameOf = (element: HTMLElement): string =>
  (
    element.getAttribute('aria-label') ??
    element.querySelector('.menu-label')?.textContent ??
    element.textContent
  ).trim()

/** Under the button, or above it where there is more room; at the edge of the button that keeps it on the screen. */
export function placeAt(menu: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect()
  const { clientWidth, clientHeight } = document.documentElement
  const below = clientHeight - at.bottom - GAP_PX - EDGE_PX
  const above = at.top - GAP_PX - EDGE_PX
  const isBelow = menu.scrollHeight <= below || below >= above
  menu.style.setProperty('max-height', `${Math.max(isBelow ? below : above, 96)}px`)
  const { offsetWidth: width, offsetHeight: height } = menu
  const fromStart = getComputedStyle(button).direction === 'rtl' ? at.right - width : at.left
  const fromEnd = getComputedStyle(button).direction === 'rtl' ? at.left : at.right - width
  const fits = fromStart >= EDGE_PX && fromStart + width <= clientWidth - EDGE_PX
  const left = Math.min(Math.max(fits ? fromStart : fromEnd, EDGE_PX), clientWidth - width - EDGE_PX)
  menu.style.setProperty('left', `${left}px`)
  menu.style.setProperty('top', `${isBelow ? at.bottom + GAP_PX : at.top - GAP_PX - height}px`)
}
