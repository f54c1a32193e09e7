/** Signing out on any page: what this device kept is removed first, and unsaved edits are asked about before that. */
import { unsavedOnDevice } from './collab/unsaved'
import { forget, noteStore } from './device'
import { h } from './dom'
import { t } from './strings'

export function guardSignOut(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-sign-out]')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void signOut(form)
    })
  }
}

async function signOut(form: HTMLFormElement): Promise<void> {
  const unsaved = unsavedOnDevice(noteStore())
  if (unsaved > 0 && !(await confirmed(unsaved))) return
  await forget()
  form.submit()
}

function confirmed(unsaved: number): Promise<boolean> {
  const dialog = h(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'sign-out-title' },
    h('h2', { id: 'sign-out-title' }, t('signOut.title')),
    h('p', {}, t('signOut.unsaved', { n: unsaved })),
    h(
      'form',
      { method: 'dialog', class: 'notice-actions' },
      h('button', { class: 'button', value: '' }, t('cancel')),
      h('button', { class: 'button danger', value: 'yes' }, t('signOut.confirm')),
    ),
  )
  document.body.append(dialog)
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(dialog.returnValue === 'yes')
    })
  })
}
