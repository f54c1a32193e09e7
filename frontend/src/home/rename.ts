/** A title edited where it stands in the list: Enter or leaving saves, Escape restores, an objection shows below. */
import { ApiError } from '../api'
import { h } from '../dom'
import { t } from '../strings'
import { say } from './words'

export function renameIn(line: HTMLElement, save: (title: string) => Promise<void>): void {
  const name = line.querySelector<HTMLElement>('.name')
  if (name === null || line.querySelector('.rename') !== null) return
  const before = line.dataset.title ?? ''
  const error = h('span', { class: 'problem', role: 'alert', id: `${line.id}-problem`, hidden: true })
  const input = h('input', {
    class: 'rename',
    value: before,
    maxlength: '200',
    dir: 'auto',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: t('untitled'),
    'aria-label': say('home.rename.label'),
    'aria-describedby': error.id,
  })
  let ended = false
  const end = (focus: boolean) => {
    if (ended) return
    ended = true
    input.remove()
    error.remove()
    name.hidden = false
    if (focus) name.focus()
  }
  const commit = async (focus: boolean) => {
    const title = input.value.trim()
    if (ended || input.readOnly) return
    if (title === before) return end(focus)
    input.readOnly = true
    try {
      await save(title)
      end(focus)
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      input.readOnly = false
      error.textContent = problem.detail
      error.hidden = false
      input.setAttribute('aria-invalid', 'true')
      input.focus()
    }
  }
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') end(true)
    else if (event.key === 'Enter' && !event.isComposing) void commit(true)
    else return
    event.preventDefault()
  })
  input.addEventListener('blur', () => void commit(false))
  name.hidden = true
  name.after(input, error)
  input.focus()
  input.select()
}
