/**
 * The inbox: what one is told, newest first, in a panel under the bell. To open a notice is to have read it; who asks
 * for something is answered right here.
 */
import '../styles/inbox.css'
import { ApiError } from '../api'
import { h } from '../dom'
import { placeAt } from '../menu'
import { speaking } from '../strings'
import { inboxWords } from '../strings/inbox'
import type { Bell } from './bell'
import { lineOf } from './line'
import { inboxRequests, type Notice, type Pile } from './requests'

const t = speaking(inboxWords)

export interface Inbox {
  open(): void
  /** Something in it is new, or was read elsewhere. */
  refresh(): void
}

const controls = (within: HTMLElement) => [...within.querySelectorAll<HTMLElement>('a, button, [tabindex]')]

/** Puts the panel under `button`, which opens and closes it from now on. */
export function mountInbox(button: HTMLButtonElement, bell: Bell): Inbox {
  const list = h('ul', { class: 'inbox-list' })
  const state = h('div', { class: 'inbox-state', role: 'status' })
  const all = h(
    'button',
    { type: 'button', class: 'button quiet inbox-all', hidden: button.dataset.unread === '0' },
    t('inbox.all'),
  )
  const more = h('button', { type: 'button', class: 'button inbox-more', hidden: true }, t('inbox.more'))
  const panel = h(
    'div',
    { class: 'inbox', id: 'inbox', role: 'dialog', 'aria-labelledby': 'inbox-title', tabindex: '-1' },
    h('header', { class: 'inbox-head' }, h('h2', { id: 'inbox-title' }, t('inbox.title')), all),
    h('div', { class: 'inbox-body' }, state, list, more),
    h('footer', { class: 'inbox-foot' }, h('a', { href: '/account/#mail' }, t('inbox.mails'))),
  )
  panel.popover = 'auto'
  button.after(panel)
  button.popoverTargetElement = panel
  button.setAttribute('aria-controls', panel.id)

  const shown = new Map<number, HTMLElement>()
  let next = ''
  let reading = 0

  const say = (...parts: (Node | string)[]) => state.replaceChildren(...parts)
  const count = (unread: number) => {
    all.hidden = unread === 0
    bell.show(unread)
  }
  const show = (pile: Pile, place: 'first' | 'later') => {
    const before = place === 'first' ? [] : [...list.children]
    const held = [...shown].find(([, each]) => each.contains(document.activeElement))
    const at = held === undefined ? 0 : controls(held[1]).indexOf(document.activeElement as HTMLElement)
    const lines = pile.notices.map((notice) => line(notice))
    list.replaceChildren(...before, ...lines)
    for (const [id, each] of shown) if (!each.isConnected) shown.delete(id)
    if (held !== undefined && !held[1].contains(document.activeElement)) {
      const now = controls(shown.get(held[0]) ?? list)
      ;(now[at] ?? now[0] ?? panel).focus({ preventScroll: true })
    }
    next = pile.next
    more.hidden = next === ''
    if (shown.size === 0) say(h('p', { class: 'inbox-nothing' }, h('b', {}, t('inbox.empty')), t('inbox.empty.hint')))
    else say()
    count(pile.unread)
  }
  const line = (notice: Notice): HTMLElement => {
    const known = shown.get(notice.id)
    if (known?.dataset.answered) return known // what was answered here says so until the panel is closed
    const made = lineOf(notice, { requests: inboxRequests, onRead: count, close: () => panel.hidePopover() })
    shown.set(notice.id, made)
    return made
  }
  const read = async (place: 'first' | 'later') => {
    const mine = ++reading
    panel.setAttribute('aria-busy', 'true')
    if (shown.size === 0) say(h('p', { class: 'quiet' }, t('inbox.loading')))
    try {
      const pile = await inboxRequests.read(place === 'first' ? '' : next)
      if (mine !== reading) return
      const firstNew = list.children.length
      show(pile, place)
      if (place === 'later') (list.children[firstNew]?.querySelector('a, button') as HTMLElement | null)?.focus()
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      if (mine !== reading) return
      const again = h('button', { type: 'button', class: 'button', onclick: () => void read(place) }, t('inbox.again'))
      say(h('p', { class: 'problem' }, problem.detail), again)
    } finally {
      if (mine === reading) panel.removeAttribute('aria-busy')
    }
  }

  all.addEventListener('click', async () => {
    try {
      const { unread } = await inboxRequests.markAll()
      for (const each of shown.values()) each.classList.remove('unread')
      count(unread)
      say(h('p', { class: 'unseen' }, t('inbox.all.done')))
      panel.focus()
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      say(h('p', { class: 'problem' }, problem.detail))
    }
  })
  more.addEventListener('click', () => void read('later'))
  const replace = () => placeAt(panel, button)
  panel.addEventListener('toggle', (event) => {
    const opened = event.newState === 'open'
    button.setAttribute('aria-expanded', String(opened))
    if (opened) {
      for (const each of shown.values()) delete each.dataset.answered
      replace()
      panel.focus({ preventScroll: true })
      window.addEventListener('resize', replace)
      void read('first')
    } else window.removeEventListener('resize', replace)
  })
  return {
    open: () => panel.showPopover({ source: button }),
    refresh: () => {
      if (panel.matches(':popover-open') && !panel.hasAttribute('aria-busy')) void read('first')
    },
  }
}
