/**
 * The title, edited where it stands: Enter or leaving saves, Escape restores, the server's objection shows below.
 * After either key one is in the text: `leave`.
 */
import { ApiError, request } from '../api'
import { t } from '../strings'

export interface Title {
  readonly text: string
  setEditable(editable: boolean): void
  /** Somebody gave it this title. Who is typing another one keeps theirs; Escape brings the new one. */
  show(title: string): void
}

export function mountTitle(
  input: HTMLInputElement,
  error: HTMLElement,
  url: string,
  initial: string,
  onSaved: () => void,
  leave: () => void,
): Title {
  let saved = initial
  const show = (problem: string) => {
    error.textContent = problem
    error.hidden = problem === ''
    if (problem === '') input.removeAttribute('aria-invalid')
    else input.setAttribute('aria-invalid', 'true')
  }
  const name = () => {
    document.title = `${input.value.trim() || t('untitled')} · ${t('app')}`
    input.size = Math.max(input.value.length, input.placeholder.length, 4) // where `field-sizing` is unknown
  }
  const save = async () => {
    const title = input.value.trim()
    if (title === saved || input.readOnly) return show('')
    try {
      const answer = await request<{ title: string }>('PATCH', url, { title })
      saved = answer.title
      onSaved()
      if (input.value.trim() === title) input.value = saved
      show('')
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      show(problem.detail)
    }
    name()
  }

  input.value = initial
  input.addEventListener('input', name)
  input.addEventListener('change', save)
  input.addEventListener('blur', save)
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      input.value = saved
      show('')
      name()
    }
    if (event.key === 'Escape' || (event.key === 'Enter' && !event.isComposing)) leave()
  })
  window.addEventListener('online', save)
  name()
  return {
    get text() {
      return saved || t('untitled')
    },
    setEditable(editable) {
      input.readOnly = !editable
    },
    show(title) {
      const typing = document.activeElement === input && input.value.trim() !== saved
      saved = title
      if (typing || input.value === title) return
      input.value = title
      show('')
      name()
    },
  }
}
