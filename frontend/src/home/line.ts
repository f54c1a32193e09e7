/** One line of the list: what the server drew, kept up to date in place. */
import { calledOf } from '../collab/called'
import { initials, safeColor } from '../collab/face'
import { keysOf, UNSAVED_PREFIX } from '../collab/unsaved'
import type { Line, Person } from '../collab/wire'
import { noteStore } from '../device'
import { h } from '../dom'
import { t } from '../strings'
import { ago } from '../times'
import { say } from './words'

export type SortKey = 'edited' | 'title' | 'created' | 'owner'

const FACES_SHOWN = 4

export const titleOf = (line: HTMLElement): string => line.dataset.title || t('untitled')

export const idOf = (line: HTMLElement): string => line.dataset.document ?? ''

/** What decides where the line stands: as it was when the list was drawn, so that nothing jumps under one's hand. */
export function keyOf(line: HTMLElement, sort: SortKey): string {
  if (sort === 'title') return titleOf(line).toLowerCase()
  if (sort === 'owner') return (line.dataset.owner ?? '').toLowerCase()
  return (sort === 'created' ? line.dataset.created : line.dataset.edited) ?? ''
}

/** A line that has just been put on the page: what only this device knows about it. */
export function dress(line: HTMLElement): void {
  const kept = keptEdits(idOf(line))
  if (kept > 0 && line.querySelector('.kept') === null) {
    line.querySelector('.about')?.append(h('span', { class: 'kept' }, say('home.kept', { n: kept })))
  }
}

/** Brings the line to what the server says of it now. */
export function update(line: HTMLElement, said: Line): void {
  if (line.dataset.title !== said.title) showTitle(line, said.title)
  line.dataset.role = said.role
  setText(line.querySelector('.role-word'), t(`role.${said.role}`))
  showStar(line, said.starred)
  showEdit(line, said)
  setText(line.querySelector('.with'), sharedWith(said))
  showPeople(line, said.here)
}

export function showStar(line: HTMLElement, starred: boolean): void {
  line.querySelector('.star')?.setAttribute('aria-pressed', String(starred))
}

export const isStarred = (line: HTMLElement): boolean =>
  line.querySelector('.star')?.getAttribute('aria-pressed') === 'true'

export function showTitle(line: HTMLElement, title: string): void {
  line.dataset.title = title
  const name = line.querySelector<HTMLElement>('.name')
  setText(name, titleOf(line))
  name?.classList.toggle('unnamed', title === '')
  line.querySelector('.star')?.setAttribute('aria-label', say('home.star', { title: titleOf(line) }))
  line.querySelector('.more')?.setAttribute('aria-label', say('home.more', { title: titleOf(line) }))
}

/** The times of the line in words, as they are now. */
export function tellTimes(line: HTMLElement): void {
  for (const time of line.querySelectorAll('time')) tell(time)
}

function tell(time: HTMLTimeElement): void {
  const moment = new Date(time.dateTime)
  if (Number.isNaN(moment.getTime())) return
  time.title = moment.toLocaleString()
  setText(time, time.dataset.date === undefined ? ago(moment, new Date()) : dayOf(moment))
}

function showEdit(line: HTMLElement, said: Line): void {
  const about = line.querySelector('.about')
  const time = about?.querySelector('time')
  if (!about || !time || said.trashed) return
  time.dateTime = new Date(said.edited).toISOString()
  tell(time)
  let editor = about.querySelector('.editor')
  if (said.editor === '') return
  if (editor === null) {
    editor = h('span', { class: 'editor', dir: 'auto' })
    about.prepend(editor, ', ')
  }
  setText(editor, said.own ? say('home.you') : calledOf({ name: said.editor, guest: said.guest }))
}

/** As home_line.html says it. */
function sharedWith({ groups, people, linked, role }: Line): string {
  const count = people > 1 || groups.length > 0 ? [say('home.people', { n: people })] : []
  if (groups.length + count.length > 0) return [...groups, ...count].join(', ')
  if (linked) return say('home.linked')
  return role === 'owner' ? say('home.alone') : ''
}

function showPeople(line: HTMLElement, people: Person[]): void {
  const here = line.querySelector('.here')
  if (here === null) return
  const key = JSON.stringify(people)
  if ((here as HTMLElement).dataset.key === key) return
  ;(here as HTMLElement).dataset.key = key
  line.classList.toggle('live', people.length > 0)
  if (people.length === 0) return here.replaceChildren()
  const names = people.map(calledOf).join(', ')
  const shown = people.length <= FACES_SHOWN + 1 ? people : people.slice(0, FACES_SHOWN)
  const faces = shown.map((person) => {
    const { id, name, color, guest } = person
    const face = h('span', { class: 'face', 'data-person': id, title: calledOf(person) }, initials(name))
    face.classList.toggle('guest', guest === true)
    face.style.setProperty('--c', safeColor(color))
    return face
  })
  if (people.length > shown.length) faces.push(h('span', { class: 'face more' }, `+${people.length - shown.length}`))
  const label = say('home.here', { n: people.length })
  here.replaceChildren(
    h('span', { class: 'faces', 'aria-hidden': 'true' }, ...faces),
    h('span', { class: 'here-word', title: names }, label, h('span', { class: 'unseen' }, `: ${names}`)),
  )
}

function keptEdits(document: string): number {
  const store = noteStore()
  const notes = keysOf(store, UNSAVED_PREFIX).filter((key) => key.includes(`:${document}:`))
  return notes.reduce((sum, key) => sum + Number(JSON.parse(store?.getItem(key) ?? '{}').count ?? 0), 0)
}

function dayOf(moment: Date): string {
  const year = moment.getFullYear() === new Date().getFullYear() ? {} : { year: 'numeric' as const }
  return moment.toLocaleDateString(document.documentElement.lang || 'en', { day: 'numeric', month: 'long', ...year })
}

function setText(element: Element | null, text: string): void {
  if (element !== null && element.textContent !== text) element.textContent = text
}
