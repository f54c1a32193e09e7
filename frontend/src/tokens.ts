/** Access tokens on the account page: the form in a dialog, the new one to copy, and a question before one is revoked. */
import { copyText, h } from './dom'
import { t } from './strings'

export function mountTokens(): void {
  const form = document.querySelector<HTMLDialogElement>('#token-form')
  if (form === null) return
  const opener = document.querySelector<HTMLButtonElement>('#make-token')
  opener?.addEventListener('click', () => form.showModal())
  const made = document.querySelector<HTMLDialogElement>('#token-made')
  for (const dialog of [form, made]) {
    if (dialog === null) continue
    dialog.querySelector('[data-close]')?.addEventListener('click', () => dialog.close())
    dialog.addEventListener('close', () => opener?.focus())
    if (dialog.open) {
      dialog.removeAttribute('open') // as the server sent it, for pages without scripts; `close()` would be heard above
      dialog.showModal()
    }
  }
  if (made !== null) showOnce(made)
  for (const each of document.querySelectorAll<HTMLFormElement>('form[data-revoke]')) askBefore(each)
}

function showOnce(made: HTMLDialogElement): void {
  // The page answered a form: loading it again must not make another token.
  history.replaceState(null, '', `${location.pathname.replace(/tokens\/$/, '')}#tokens`)
  const secret = made.querySelector('input')
  secret?.addEventListener('focus', () => secret.select())
  made.querySelector('[data-copy]')?.addEventListener('click', async () => {
    const done = await copyText(secret?.value ?? '')
    const said = made.querySelector('[data-copied]')
    if (said) said.textContent = t(done ? 'copied' : 'token.notCopied')
  })
  made.addEventListener('close', () => made.remove())
}

function askBefore(form: HTMLFormElement): void {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sure) return
    event.preventDefault()
    const { submitter } = event
    const dialog = h(
      'dialog',
      { class: 'dialog', 'aria-labelledby': 'revoke-title', 'aria-describedby': 'revoke-what' },
      h('h2', { id: 'revoke-title' }, t('token.revoke.title', { name: form.dataset.revoke ?? '' })),
      h('p', { id: 'revoke-what' }, t('token.revoke.what')),
      h(
        'form',
        { method: 'dialog', class: 'notice-actions' },
        h('button', { class: 'button', value: '' }, t('cancel')),
        h('button', { class: 'button danger', value: 'yes' }, t('token.revoke.confirm')),
      ),
    )
    document.body.append(dialog)
    dialog.showModal()
    dialog.addEventListener('close', () => {
      dialog.remove()
      if (dialog.returnValue !== 'yes') {
        submitter?.focus()
        return
      }
      form.dataset.sure = 'yes'
      form.requestSubmit(submitter)
    })
  })
}
