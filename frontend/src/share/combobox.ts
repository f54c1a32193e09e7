/**
 * A text field with a list of suggestions below it (ARIA APG, "Editable Combobox With List Autocomplete"): arrows go
 * through the list, Enter chooses, Escape closes it and only then what is around it.
 */
import { h } from '../dom'
import { t } from '../strings'

const PAUSE_MS = 120
const MAX_HEIGHT_PX = 280
const GAP_PX = 6
const EDGE_PX = 12
let made = 0

export interface Combobox<T> {
  /** The name of the list. */
  label: string
  /** What is suggested for a text; none for a failure. */
  find(text: string): Promise<T[]>
  show(item: T): { label: string; hint: string; lead: Node }
  choose(item: T): void
}

/** Gives `input` the list, at the edge of `box`. The answer closes it. */
export function mountCombobox<T>(input: HTMLInputElement, box: HTMLElement, options: Combobox<T>): () => void {
  const id = `people-${++made}`
  const list = h('div', { class: 'suggest', role: 'listbox', id, 'aria-label': options.label })
  list.popover = 'manual'
  box.after(list)
  for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': id }))
    input.setAttribute(name, value)
  input.setAttribute('aria-expanded', 'false')
  let items: T[] = []
  let active = -1
  let asked = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const isOpen = () => list.matches(':popover-open')
  const close = () => {
    asked += 1 // an answer on its way comes too late
    clearTimeout(timer)
    if (isOpen()) list.hidePopover()
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
    active = -1
  }
  const choose = (index: number) => {
    const item = items[index]
    close()
    if (item !== undefined) options.choose(item)
  }
  const activate = (index: number) => {
    active = index
    const shown = [...list.querySelectorAll<HTMLElement>('[role=option]')]
    for (const [n, option] of shown.entries()) option.setAttribute('aria-selected', String(n === index))
    const option = shown[index]
    if (option === undefined) return input.removeAttribute('aria-activedescendant')
    input.setAttribute('aria-activedescendant', option.id)
    option.scrollIntoView({ block: 'nearest' })
  }
  const optionOf = (item: T, index: number): HTMLElement => {
    const { label, hint, lead } = options.show(item)
    const words = h('span', { class: 'suggest-words' }, h('span', { class: 'suggest-label', dir: 'auto' }, label))
    if (hint !== '') words.append(h('span', { class: 'suggest-hint', dir: 'auto' }, hint))
    const option = h('div', { class: 'suggest-item', role: 'option', id: `${id}-${index}`, 'aria-selected': 'false' })
    option.append(lead, words)
    option.addEventListener('pointermove', () => active !== index && activate(index))
    option.addEventListener('click', () => choose(index))
    return option
  }
  const show = (found: T[]) => {
    items = found
    if (items.length === 0) return close()
    list.replaceChildren(...items.map(optionOf))
    if (!isOpen()) list.showPopover()
    place(list, box)
    input.setAttribute('aria-expanded', 'true')
    activate(-1)
    const live = document.getElementById('share-live')
    if (live !== null) live.textContent = t('suggest.count', { n: items.length })
  }
  const look = async () => {
    const text = input.value.trim()
    const mine = ++asked
    const found = text === '' ? [] : await options.find(text).catch(() => [])
    if (mine === asked && input.ownerDocument.activeElement === input) show(found)
  }

  list.addEventListener('pointerdown', (event) => event.preventDefault()) // the field keeps its focus
  input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(look, PAUSE_MS)
  })
  input.addEventListener('blur', close)
  input.addEventListener('keydown', (event) => {
    if (event.isComposing || !isOpen()) return
    const { length } = items
    if (event.key === 'ArrowDown') activate(active + 1 >= length ? 0 : active + 1)
    else if (event.key === 'ArrowUp') activate(active <= 0 ? length - 1 : active - 1)
    else if (event.key === 'Enter' && active >= 0) choose(active)
    else if (event.key === 'Escape') close()
    else return
    event.preventDefault()
    event.stopPropagation()
  })
  return close
}

/** Below the field, as wide as it, no higher than what a keyboard on the screen leaves. */
function place(list: HTMLElement, box: HTMLElement): void {
  const at = box.getBoundingClientRect()
  const height = window.visualViewport?.height ?? window.innerHeight
  const room = Math.max(96, Math.min(MAX_HEIGHT_PX, height - at.bottom - GAP_PX - EDGE_PX))
  for (const [name, value] of [
    ['left', at.left],
    ['top', at.bottom + GAP_PX],
    ['width', at.width],
    ['max-width', at.width],
    ['max-height', room],
  ] as const)
    list.style.setProperty(name, `${Math.round(value)}px`)
}
