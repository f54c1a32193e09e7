/** A sentence about a paste, over the page; it goes by itself. */
import { h } from '../../dom'
import { t } from '../../strings'

const SHOWN_MS = 10_000
let shown: HTMLElement | null = null

export function notice(words: string, tone: 'plain' | 'bad' = 'plain'): void {
  shown?.remove()
  const dismiss = h('button', { type: 'button', class: 'button quiet', onclick: () => box.remove() }, t('dismiss'))
  const box: HTMLElement = h(
    'section',
    { class: 'notice', role: 'status', 'aria-live': 'polite', 'data-tone': tone, 'data-testid': 'paste-notice' },
    dismiss,
  )
  document.body.append(box)
  box.prepend(h('div', { class: 'notice-lines' }, h('p', {}, words))) // after it is there, so that it is announced
  shown = box
  setTimeout(() => box.remove(), SHOWN_MS)
}
