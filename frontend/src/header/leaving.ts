/** The page in place of a document that may no longer be shown, or cannot be. */
import { h } from '../dom'
import { t } from '../strings'
import { refusedText, rescueButtons } from './banner'

export interface Leaving {
  title: string
  hint: string
  /** What was typed and not saved; empty when there is nothing. */
  text: string
  fileName: string
  /** Where to go from here. */
  link: { href: string; label: string }
}

/** Takes the document off `stage` and shows why. */
export function showLeaving(stage: HTMLElement, { title, hint, text, fileName, link }: Leaving): void {
  const heading = h('h1', { tabindex: '-1' }, title)
  const parts: Node[] = [heading, h('p', {}, hint)]
  if (text !== '') {
    const actions = h('div', { class: 'notice-actions' }, ...rescueButtons(text, fileName))
    parts.push(h('h2', {}, t('refused.access')), refusedText(text), actions)
  }
  parts.push(h('p', {}, h('a', { class: 'button', href: link.href }, link.label)))
  stage.replaceChildren(h('section', { class: 'leaving', 'data-testid': 'leaving' }, ...parts))
  heading.focus()
}
