/** The small box in which a picture's alternative text is written. */
import { h } from '../../dom'
import { t } from '../../strings'
import { float } from '../float'

const MOST_CHARACTERS = 500

/** Opens it at `button`, which has the focus again afterwards. Enter and a click elsewhere keep the text, Escape does not. */
export function openAlt(button: HTMLElement, before: string, keep: (text: string) => void): void {
  const field = h('textarea', { id: 'image-alt', rows: '3', maxlength: String(MOST_CHARACTERS), dir: 'auto' })
  field.value = before
  const done = h('button', { type: 'submit', class: 'button main' }, t('image.alt.save'))
  const box = h(
    'form',
    {
      class: 'image-alt-box',
      role: 'dialog',
      'aria-label': t('image.alt'),
      popover: 'auto',
      'data-testid': 'image-alt',
    },
    h('label', { for: 'image-alt' }, t('image.alt.label')),
    field,
    done,
  )
  let kept = true
  box.addEventListener('submit', (event) => {
    event.preventDefault()
    box.hidePopover()
  })
  box.addEventListener('keydown', (event) => {
    if (event.isComposing) return
    if (event.key === 'Escape') kept = false
    else if (event.key !== 'Enter' || event.shiftKey || event.target !== field) return
    event.preventDefault()
    event.stopPropagation()
    box.hidePopover()
  })
  document.body.append(box)
  const floating = float(box, button, 'bottom-start')
  box.addEventListener('toggle', (event) => {
    if (event.newState !== 'closed') return
    floating.leave()
    const text = field.value.trim().replace(/\s+/g, ' ')
    box.remove()
    button.focus({ preventScroll: true })
    if (kept && text !== before) keep(text)
  })
  field.focus()
  field.select()
}
