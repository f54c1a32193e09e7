/** A question in a dialog of its own, over whatever is open; the browser gives the focus back. */
import { h } from './dom'
import { t } from './strings'

export interface Question {
  title: string
  hint: string
  /** What the button says that does it. */
  yes: string
  /** Whether it cannot be undone. */
  danger?: boolean
}

/** Whether the answer was yes. */
export function confirmed({ title, hint, yes, danger = false }: Question): Promise<boolean> {
  return ask(
    title,
    hint,
    h('button', { class: 'button', value: '' }, t('cancel')),
    h('button', { class: danger ? 'button danger' : 'button main', value: 'yes' }, yes),
  )
}

/** Says something that has to be read. */
export const told = (title: string, why: string): Promise<boolean> =>
  ask(title, why, h('button', { class: 'button' }, t('dismiss')))

function ask(title: string, hint: string, ...buttons: HTMLElement[]): Promise<boolean> {
  const form = h('form', { method: 'dialog', class: 'notice-actions' }, ...buttons)
  const heading = h('h2', { id: 'question', dir: 'auto' }, title)
  const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'question' }, heading, h('p', {}, hint), form)
  document.body.append(dialog)
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(dialog.returnValue === 'yes')
    })
  })
}
