/** The help sheet: shortcuts, Markdown, what the save words mean. Loaded when it is asked for. */
import { X } from 'lucide'
import { h, icon } from '../dom'
import { type Key, speaking, t } from '../strings'
import { helpWords } from '../strings/help'
import { blockTable } from './blocks-menu'
import { keysFor } from './keys'
import { SIDES } from './toolbar/menus'
import { HISTORY, LINK, MARKS } from './toolbar/tools'

const say = speaking(helpWords)

type Row = [what: string, keys: string]
interface Group {
  title: string
  rows: Row[]
}

let dialog: HTMLDialogElement | null = null

/** Opens it; Escape closes it and gives the focus back. */
export function openSheet(): void {
  dialog ??= build()
  if (!dialog.open) dialog.showModal()
}

/** Every shortcut there is, from the tables that make them work where there are such. */
export function helpGroups(): Group[] {
  const tools = [...MARKS, LINK]
  const blocks = blockTable()
  const named = (key: Key, keys: string): Row => [t(key), keysFor(keys)]
  const told = (key: keyof typeof helpWords, keys: string): Row => [say(key), keysFor(keys)]
  return [
    {
      title: say('help.text'),
      rows: [
        ...tools.map(({ key, shortcut }) => named(key, shortcut ?? '')),
        told('help.highlight', 'Mod-Shift-H'),
        ...HISTORY.map(({ key, shortcut }) => named(key, shortcut ?? '')),
        ...SIDES.map(([side, , keys]) => named(`align.${side}` as Key, keys)),
      ],
    },
    {
      title: say('help.blocks'),
      rows: [
        ...blocks.filter(({ shortcut }) => shortcut !== '').map(({ name, shortcut }): Row => [name, keysFor(shortcut)]),
        told('help.indent', 'Tab'),
        told('help.outdent', 'Shift-Tab'),
        told('help.break', 'Shift-Enter'),
        told('help.cell', 'Tab'),
        told('help.move', 'Alt-Shift-↑ ↓'),
        told('help.duplicate', 'Mod-Shift-D'),
        told('help.blockMenu', 'Mod-Shift-M'),
      ],
    },
    {
      title: say('help.page'),
      rows: [
        [say('help.slash'), '/'],
        [say('help.mention'), '@'],
        told('help.find', 'Mod-F'),
        told('help.bars', 'Alt-F10'),
        [say('help.leave'), 'Esc Tab'],
        told('help.openLink', 'Mod-Click'),
        told('help.sheet', 'Mod-/'),
        [say('help.sheet'), '?'],
      ],
    },
    {
      title: say('help.markdown'),
      rows: [
        ...blocks.filter(({ typed }) => typed !== '' && typed !== '@').map(({ name, typed }): Row => [name, typed]),
        [t('tool.bold'), '**…**'],
        [t('tool.italic'), '*…*'],
        [t('tool.strike'), '~~…~~'],
        [t('tool.code'), '`…`'],
        [say('help.highlight'), '==…=='],
      ],
    },
  ]
}

const words = (): [word: string, meaning: string][] => [
  [t('word.saved'), say('help.word.saved')],
  [t('word.saving'), say('help.word.saving')],
  [t('word.offline'), say('help.word.offline')],
  [t('word.reconnecting'), say('help.word.reconnecting')],
  [say('help.failed'), say('help.word.failed')],
]

function build(): HTMLDialogElement {
  const close = h('button', { type: 'button', class: 'tool', 'aria-label': say('help.close') }, icon(X))
  const made = h(
    'dialog',
    { class: 'dialog help', 'aria-labelledby': 'help-title' },
    h('header', { class: 'help-head' }, h('h2', { id: 'help-title' }, say('help.title')), close),
    h(
      'div',
      { class: 'help-groups', tabindex: '0', role: 'region', 'aria-labelledby': 'help-title' },
      ...helpGroups().map(({ title, rows }) =>
        section(title, ...rows.map(([what, keys]) => line(what, h('kbd', {}, keys)))),
      ),
      section(say('help.saving'), ...words().map(([word, meaning]) => line(word, meaning, 'meaning'))),
    ),
  )
  close.addEventListener('click', () => made.close())
  made.addEventListener('click', ({ target }) => {
    if (target === made) made.close() // beside it
  })
  document.body.append(made)
  return made
}

const section = (title: string, ...rows: HTMLElement[]): HTMLElement =>
  h('section', {}, h('h3', {}, title), h('dl', {}, ...rows))

const line = (what: string, value: Node | string, kind = ''): HTMLElement =>
  h('div', { class: `help-line ${kind}`.trim() }, h('dt', {}, what), h('dd', {}, value))
