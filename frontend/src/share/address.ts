/** An address to hand on, which can be copied with a button or by hand. */
import { copyText, h } from '../dom'
import { say } from './words'

export function addressElement(label: string, address: string): HTMLElement {
  const field = h('input', { class: 'field', readonly: true, value: address, 'aria-label': label, dir: 'ltr' })
  field.addEventListener('focus', () => field.select())
  const copy = h('button', { type: 'button', class: 'button' }, say('share.address.copy'))
  copy.addEventListener('click', async () => {
    if (await copyText(address)) copy.textContent = say('share.address.copied')
    else field.focus()
  })
  return h('div', { class: 'share-address' }, field, copy)
}
