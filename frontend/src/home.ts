/** The list of documents: keys, the filter, times in words, and what is still kept on this device. */
import './styles/home.css'
import { guardSignOut } from './account'
import { keysOf, UNSAVED_PREFIX } from './collab/unsaved'
import { belongTo, noteStore } from './device'
import { h } from './dom'
import { registerWorker } from './offline'
import { part } from './page'
import { t } from './strings'
import { ago } from './times'

function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (event.key === 'n') part<HTMLFormElement>('new-document').requestSubmit()
    else if (event.key === '/') part<HTMLInputElement>('filter').focus()
    else return
    event.preventDefault()
  })
}

function listenToFilter(): void {
  const filter = document.getElementById('filter') as HTMLInputElement | null
  if (filter === null) return
  const rows = [...document.querySelectorAll<HTMLElement>('[data-title]')]
  const nothing = part('nothing')
  const apply = () => {
    const text = filter.value.trim()
    const wanted = text.toLocaleLowerCase()
    for (const row of rows) row.hidden = !(row.dataset.title ?? '').toLocaleLowerCase().includes(wanted)
    nothing.hidden = rows.length === 0 || rows.some((row) => !row.hidden)
    nothing.textContent = nothing.hidden ? '' : t('home.nothing', { text })
  }
  filter.addEventListener('input', apply)
  filter.addEventListener('keydown', (event) => {
    if (event.key === 'Enter')
      rows
        .find((row) => !row.hidden)
        ?.querySelector('a')
        ?.click()
    if (event.key !== 'Escape') return
    filter.value = ''
    filter.blur()
    apply()
  })
  apply() // the browser may have kept the text over a reload
}

function showTimes(): void {
  for (const time of document.querySelectorAll('time')) {
    const moment = new Date(time.dateTime)
    if (Number.isNaN(moment.getTime())) continue
    time.title = moment.toLocaleString()
    time.textContent = ago(moment, new Date())
  }
}

function showKept(): void {
  const store = noteStore()
  for (const row of document.querySelectorAll<HTMLElement>('[data-document]')) {
    const notes = keysOf(store, UNSAVED_PREFIX).filter((key) => key.includes(`:${row.dataset.document}:`))
    const n = notes.reduce((sum, key) => sum + Number(JSON.parse(store?.getItem(key) ?? '{}').count ?? 0), 0)
    if (n > 0) row.querySelector('.about')?.append(h('span', { class: 'kept' }, t('home.kept', { n })))
  }
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable=true], dialog') !== null

listenToKeys()
listenToFilter()
showTimes()
showKept()
guardSignOut()
const person = document.querySelector<HTMLMetaElement>('meta[name=coscribe-person]')?.content
if (person) void belongTo(person)
registerWorker()
