/** The keyboard of the list, and the sheet that tells of it. */
import { h } from '../dom'
import { part } from '../page'
import { t } from '../strings'
import type { Acts } from './acts'
import type { Desk } from './desk'
import type { Toast } from './toast'
import { type HomeKey, say } from './words'

const HELP: [keys: string[], what: HomeKey][] = [
  [['n'], 'home.key.new'],
  [['/'], 'home.key.filter'],
  [['j', '↓'], 'home.key.down'],
  [['k', '↑'], 'home.key.up'],
  [['Enter'], 'home.key.open'],
  [['s'], 'home.key.star'],
  [['F2'], 'home.key.rename'],
  [['#', 'Delete'], 'home.key.trash'],
  [['Ctrl Z'], 'home.key.undo'],
  [['?'], 'home.key.help'],
]

export function listenToKeys(desk: Desk, acts: Acts, toast: Toast): void {
  part('help-open').addEventListener('click', showHelp)
  document.addEventListener('keydown', (event) => {
    if (event.altKey || event.defaultPrevented || isTyping(event.target)) return
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() === 'z' && !event.shiftKey && toast.undo()) event.preventDefault()
      return
    }
    if (run(event.key, desk, acts)) event.preventDefault()
  })
}

/** Moves the focus to the line before or after the one that has it; from nowhere, to the first. */
export function step(desk: Desk, by: 1 | -1): void {
  const lines = desk.lines.filter((line) => !line.hidden)
  const here = lines.findIndex((line) => line.contains(document.activeElement))
  const next = lines[here === -1 ? 0 : Math.min(Math.max(here + by, 0), lines.length - 1)]
  next?.querySelector<HTMLElement>('.name')?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

function run(key: string, desk: Desk, acts: Acts): boolean {
  if (key === 'n') part<HTMLFormElement>('new-document').requestSubmit()
  else if (key === '/') part<HTMLInputElement>('filter').select()
  else if (key === 'j' || key === 'ArrowDown') step(desk, 1)
  else if (key === 'k' || key === 'ArrowUp') step(desk, -1)
  else if (key === '?') showHelp()
  else return runOnLine(key, acts)
  return true
}

function runOnLine(key: string, acts: Acts): boolean {
  const line = document.activeElement?.closest<HTMLElement>('.line')
  if (!line) return false
  if (key === 's') void acts.star(line)
  else if (key === 'F2') acts.rename(line)
  else if (key === '#' || key === 'Delete') void (acts.isTrash ? acts.deleteForGood(line) : acts.trash(line))
  else return false
  return true
}

function showHelp(): void {
  if (document.querySelector('dialog.help') !== null) return
  const rows = HELP.flatMap(([keys, what]) => [
    h('dt', {}, ...keys.flatMap((key, n) => (n === 0 ? [] : [` ${say('home.key.or')} `]).concat(key)).map(keyed)),
    h('dd', {}, say(what)),
  ])
  const dialog = h(
    'dialog',
    { class: 'dialog help', 'aria-labelledby': 'help-title' },
    h('h2', { id: 'help-title' }, say('home.key.title')),
    h('dl', { class: 'keys' }, ...rows),
    h('form', { method: 'dialog', class: 'notice-actions' }, h('button', { class: 'button' }, t('share.close'))),
  )
  dialog.addEventListener('close', () => dialog.remove())
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close())
  document.body.append(dialog)
  dialog.showModal()
}

const keyed = (text: string): Node => (text.startsWith(' ') ? document.createTextNode(text) : h('kbd', {}, text))

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.closest('input, textarea, select, [contenteditable=true], dialog, [popover]') !== null
