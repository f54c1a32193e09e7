/** The filter: what is on the page answers at once, the server a moment later and about all pages. */
import { part } from '../page'
import type { Desk } from './desk'
import { titleOf } from './line'

const ASK_AFTER_MS = 180

export function mountFilter(desk: Desk, ondown: () => void): void {
  const input = part<HTMLInputElement>('filter')
  let timer: ReturnType<typeof setTimeout> | undefined
  const ask = async () => {
    const url = new URL(location.href)
    const text = input.value.trim()
    if (text === desk.text) return
    if (text === '') url.searchParams.delete('q')
    else url.searchParams.set('q', text)
    history.replaceState(null, '', url)
    await desk.show(url.href)
  }
  const filter = () => {
    narrow(desk, input.value)
    clearTimeout(timer)
    timer = setTimeout(() => void ask(), ASK_AFTER_MS)
  }
  input.addEventListener('input', filter)
  input.form?.addEventListener('submit', (event) => {
    event.preventDefault()
    desk.lines
      .find((line) => !line.hidden)
      ?.querySelector<HTMLElement>('a.name')
      ?.click()
  })
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') ondown()
    else if (event.key === 'Escape') {
      if (input.value === '') input.blur()
      input.value = ''
      filter()
    } else return
    event.preventDefault()
  })
  if (input.value.trim() !== desk.text) filter() // the browser kept the text over a reload
}

/** Hides the lines that are here and do not match, before the server has answered. */
function narrow(desk: Desk, text: string): void {
  const wanted = text.trim().replace(/\s+/g, ' ').toLocaleLowerCase()
  for (const line of desk.lines) line.hidden = !titleOf(line).toLocaleLowerCase().includes(wanted)
}
