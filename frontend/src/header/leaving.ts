/** The page in place of a document that may no longer be shown, or cannot be. */
import type { Rescued } from '../collab/unsent'
import { h } from '../dom'
import { t } from '../strings'
import { refusedText, rescueButtons } from './banner'

export interface Leaving {
  title: string
  hint: string
  /** What was typed and not saved. */
  rescued: Rescued
  /** Whether this device keeps that text, and sends it when the link has been followed. */
  kept?: boolean
  fileName: string
  /** Where to go from here. */
  link: { href: string; label: string }
  /** The address at which one may perhaps ask for access. */
  ask?: string
}

/** Takes the document off `stage` and shows why. */
export function showLeaving(stage: HTMLElement, leaving: Leaving): void {
  const { title, hint, rescued, kept, fileName, link, ask } = leaving
  const heading = h('h1', { tabindex: '-1' }, title)
  const parts: Node[] = [heading, h('p', {}, hint)]
  if (rescued.text !== '') {
    const rescue = rescueButtons(rescued, fileName)
    if (kept) for (const button of rescue) button.classList.remove('main') // the way on is what matters
    const actions = h('div', { class: 'notice-actions' }, ...rescue)
    parts.push(h('h2', {}, t(kept ? 'left.unsent' : 'refused.access')), refusedText(rescued.text), actions)
  }
  const way = h('a', { class: kept ? 'button main' : 'button', href: link.href }, link.label)
  const ways = h('p', { class: 'notice-actions' }, way)
  parts.push(ways)
  stage.replaceChildren(h('section', { class: 'leaving', 'data-testid': 'leaving' }, ...parts))
  heading.focus()
  if (ask !== undefined) void offerAsking(ways, ask)
}

/** The server alone knows who may ask: it answers those with a page to do so (403), and others that nothing is here. */
async function offerAsking(ways: HTMLElement, href: string): Promise<void> {
  const answer = await fetch(href, { headers: { accept: 'text/html' }, cache: 'no-store' }).catch(() => null)
  // After what is there already: somebody may be about to press it.
  if (answer?.status === 403) ways.append(h('a', { class: 'button main', href }, t('left.ask')))
}
