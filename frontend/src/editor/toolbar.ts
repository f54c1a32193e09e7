/** The toolbar over the text: real buttons in one tab stop, arrow keys between them (ARIA APG, "Toolbar Pattern"). */
import type { ChainedCommands, Editor } from '@tiptap/core'
import { h, icon } from '../dom'
import { type Key, t } from '../strings'
import { HEADING_LEVELS } from './extensions'

interface Tool {
  key: Key
  /** As in Tiptap's keymaps; shown in the title. */
  shortcut: string
  icon: string
  run(chain: ChainedCommands): ChainedCommands
  /** The mark or node whose presence presses the button; undo and redo have none. */
  active?: string
  able?(editor: Editor): boolean
}

const TOOLS: (Tool | 'gap')[] = [
  {
    key: 'tool.bold',
    shortcut: 'Mod-B',
    active: 'bold',
    run: (c) => c.toggleBold(),
    icon: 'M7 5h6a3.5 3.5 0 0 1 0 7H7zM7 12h7a3.5 3.5 0 0 1 0 7H7z',
  },
  {
    key: 'tool.italic',
    shortcut: 'Mod-I',
    active: 'italic',
    run: (c) => c.toggleItalic(),
    icon: 'M10 5h8M6 19h8M14 5l-4 14',
  },
  {
    key: 'tool.underline',
    shortcut: 'Mod-U',
    active: 'underline',
    run: (c) => c.toggleUnderline(),
    icon: 'M7 4v7a5 5 0 0 0 10 0V4M6 20h12',
  },
  {
    key: 'tool.strike',
    shortcut: 'Mod-Shift-S',
    active: 'strike',
    run: (c) => c.toggleStrike(),
    icon: 'M5 12h14M16.500 7.500C15.800 5.900 14.200 5 12 5c-2.600 0-4.500 1.300-4.500 3.300 0 1.300.8 2.200 2 2.800M7.500 16c.7 1.900 2.400 3 4.600 3 2.700 0 4.600-1.400 4.600-3.400 0-.6-.2-1.100-.4-1.600',
  },
  {
    key: 'tool.code',
    shortcut: 'Mod-E',
    active: 'code',
    run: (c) => c.toggleCode(),
    icon: 'M9 8l-4 4 4 4M15 8l4 4-4 4',
  },
  'gap',
  {
    key: 'tool.bulletList',
    shortcut: 'Mod-Shift-8',
    active: 'bulletList',
    run: (c) => c.toggleBulletList(),
    icon: 'M9 6h11M9 12h11M9 18h11M4.500 6h.01M4.500 12h.01M4.500 18h.01',
  },
  {
    key: 'tool.orderedList',
    shortcut: 'Mod-Shift-7',
    active: 'orderedList',
    run: (c) => c.toggleOrderedList(),
    icon: 'M10 6h10M10 12h10M10 18h10M4 5l1.500-1v5M4 14.500c.6-1 2.500-1 2.500.4C6.500 16.300 4 17 4 18.500h2.800',
  },
  {
    key: 'tool.blockquote',
    shortcut: 'Mod-Shift-B',
    active: 'blockquote',
    run: (c) => c.toggleBlockquote(),
    icon: 'M5 6v12M9.500 8H19M9.500 12H19M9.500 16H15',
  },
  'gap',
  {
    key: 'tool.undo',
    shortcut: 'Mod-Z',
    run: (c) => c.undo(),
    able: (e) => e.can().undo(),
    icon: 'M8 6L4 10l4 4M4 10h10a5 5 0 0 1 0 10h-3',
  },
  {
    key: 'tool.redo',
    shortcut: 'Mod-Shift-Z',
    run: (c) => c.redo(),
    able: (e) => e.can().redo(),
    icon: 'M16 6l4 4-4 4M20 10H10a5 5 0 0 0 0 10h3',
  },
]

const MAC = /Mac|iPhone|iPad/.test(navigator.platform)

/** Fills `bar` with tools for `editor`; the answer takes them out again. */
export function mountToolbar(bar: HTMLElement, editor: Editor): () => void {
  const style = styleSelect(editor)
  const buttons = new Map<HTMLButtonElement, Tool>()
  bar.replaceChildren(style, gap())
  for (const tool of TOOLS) {
    if (tool === 'gap') bar.append(gap())
    else {
      const button = toolButton(editor, tool)
      buttons.set(button, tool)
      bar.append(button)
    }
  }
  const stops: HTMLElement[] = [style, ...buttons.keys()]
  stops.forEach((stop, index) => {
    stop.tabIndex = index === 0 ? 0 : -1
  })
  const rove = (event: KeyboardEvent) => moveFocus(event, stops)
  bar.addEventListener('keydown', rove)
  const refresh = () => show(editor, style, buttons)
  editor.on('transaction', refresh)
  refresh()
  return () => {
    editor.off('transaction', refresh)
    bar.removeEventListener('keydown', rove)
    bar.replaceChildren()
  }
}

function toolButton(editor: Editor, tool: Tool): HTMLButtonElement {
  const name = t(tool.key)
  const button = h(
    'button',
    {
      type: 'button',
      class: 'tool',
      title: `${name} (${keysFor(tool.shortcut)})`,
      'aria-label': name,
      onmousedown: (event) => event.preventDefault(), // the text keeps its focus and selection
      onclick: () => tool.run(editor.chain().focus()).run(),
    },
    icon(tool.icon),
  )
  if (tool.active !== undefined) button.setAttribute('aria-pressed', 'false')
  return button
}

function styleSelect(editor: Editor): HTMLSelectElement {
  const choices = [h('option', { value: '0' }, t('tool.paragraph'))]
  for (const n of HEADING_LEVELS.slice(0, 3)) choices.push(h('option', { value: String(n) }, t('tool.heading', { n })))
  const select = h('select', { class: 'tool style', 'aria-label': t('tool.style'), title: t('tool.style') }, ...choices)
  select.addEventListener('change', () => {
    const level = HEADING_LEVELS.find((known) => known === Number(select.value))
    const chain = editor.chain().focus()
    if (level === undefined) chain.setParagraph().run()
    else chain.setHeading({ level }).run()
  })
  return select
}

function show(editor: Editor, style: HTMLSelectElement, buttons: Map<HTMLButtonElement, Tool>): void {
  if (editor.isDestroyed) return
  const level = editor.isActive('heading') ? Number(editor.getAttributes('heading').level) : 0
  style.value = String(Math.min(level, 3))
  for (const [button, tool] of buttons) {
    if (tool.active !== undefined) button.setAttribute('aria-pressed', String(editor.isActive(tool.active)))
    if (tool.able !== undefined) button.setAttribute('aria-disabled', String(!tool.able(editor)))
  }
}

function moveFocus(event: KeyboardEvent, stops: HTMLElement[]): void {
  const from = stops.indexOf(document.activeElement as HTMLElement)
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  let to: number
  if (event.key === 'Home') to = 0
  else if (event.key === 'End') to = stops.length - 1
  else if (step !== undefined && from >= 0) to = (from + step + stops.length) % stops.length
  else return
  event.preventDefault()
  stops.forEach((stop, index) => {
    stop.tabIndex = index === to ? 0 : -1
  })
  stops[to]?.focus()
}

function keysFor(shortcut: string): string {
  if (!MAC) return shortcut.replace('Mod', 'Ctrl').replaceAll('-', '+')
  return shortcut.replace('Mod', '⌘').replace('Shift', '⇧').replaceAll('-', '')
}

const gap = (): HTMLElement => h('span', { class: 'gap', role: 'separator', 'aria-orientation': 'vertical' })
