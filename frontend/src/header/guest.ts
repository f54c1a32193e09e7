/** A guest's own name: a small dialog. Others see the new one within moments, through the server. */
import type { Awareness } from 'y-protocols/awareness'
import { ApiError, csrfToken, problemIn } from '../api'
import { h } from '../dom'
import type { Page } from '../page'
import { speaking, t } from '../strings'
import { guestWords } from '../strings/guest'

const NAME_LENGTH = 80
const say = speaking(guestWords)

/** Asks for another name and shows it; the focus goes back to where it was. */
export function askForName(page: Page, awareness: Awareness): void {
  const input = h('input', {
    class: 'field',
    id: 'guest-name',
    name: 'name',
    maxlength: String(NAME_LENGTH),
    dir: 'auto',
    autocomplete: 'nickname',
    required: '',
    'aria-describedby': 'guest-hint guest-problem',
  })
  input.value = page.person.name
  const problem = h('p', { class: 'problem', role: 'alert', id: 'guest-problem' })
  const close = () => dialog.close()
  const form = h(
    'form',
    { class: 'guest-form', 'data-testid': 'guest-form' },
    h('label', { for: 'guest-name' }, say('guest.name')),
    input,
    h('p', { class: 'quiet', id: 'guest-hint' }, say('guest.hint')),
    problem,
    h(
      'div',
      { class: 'notice-actions' },
      h('button', { class: 'button main' }, say('guest.save')),
      h('button', { class: 'button', type: 'button', onclick: close }, t('cancel')),
    ),
  )
  const dialog = h(
    'dialog',
    { class: 'dialog guest-name', 'aria-labelledby': 'guest-title' },
    h('h2', { id: 'guest-title' }, say('guest.title')),
    form,
    h(
      'p',
      { class: 'guest-account quiet' },
      say('guest.account'),
      ' ',
      h('a', { href: page.urls.signUp }, t('menu.guest.signUp')),
    ),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void save(page, awareness, input.value).then(close, (error) => {
      if (!(error instanceof ApiError)) throw error
      problem.textContent = error.detail
      input.setAttribute('aria-invalid', 'true')
      input.focus()
    })
  })
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
  input.select()
}

async function save(page: Page, awareness: Awareness, text: string): Promise<void> {
  const name = text.trim()
  if (name === '') throw new ApiError(400, say('guest.none'), 'name')
  const response = await fetch(page.urls.guestName, {
    method: 'POST',
    headers: { Accept: 'application/json', 'X-CSRFToken': csrfToken() },
    body: new URLSearchParams({ name }),
    credentials: 'same-origin',
    redirect: 'error',
  }).catch(() => {
    throw new ApiError(0, t('error.network'), null)
  })
  if (!response.ok) throw await problemIn(response)
  page.person.name = name
  awareness.setLocalStateField('user', page.person)
}
