/**
 * The toolbar over the text; on a phone it is at the bottom, above the keyboard.
 *
 * Where it is too narrow for all, those used less go behind "More"; on a phone the strip scrolls in itself instead.
 */
import type { Editor } from '@tiptap/core'
import { ChevronDown, Ellipsis, Image, Plus, Table, TableProperties, TextAlignStart } from 'lucide'
import { h, icon } from '../dom'
import { type MenuEntry, mountMenu } from '../menu'
import type { Page } from '../page'
import { type Key, t } from '../strings'
import type { Desk } from './features'
import { keysFor } from './keys'
import { whenAskedFor } from './parts'
import { isInTable } from './table'
import { eachFrame, rove, situation } from './toolbar/bar'
import { foldParts, type Part } from './toolbar/fold'
import { keepAboveKeyboard } from './toolbar/keyboard'
import { alignEntries, canAlign, insertEntries, styleEntries, styleName } from './toolbar/menus'
import { bareButton, COLORS, HISTORY, LINK, LISTS, MARKS, set, showTools, type Tool, toolButton } from './toolbar/tools'

const IMAGE: Tool = {
  key: 'block.image',
  icon: Image,
  able: ({ isEditable }) => isEditable,
  press: ({ commands }) => void (commands as unknown as Record<string, () => void>).pickImage?.(),
}
const GRID: Tool = {
  key: 'tool.table',
  icon: Table,
  able: ({ isEditable }) => isEditable,
  press: (editor, anchor) => whenAskedFor(import('./toolbar/grid'), ({ openGrid }) => openGrid(editor, anchor)),
}
/** Those missed least go behind "More" first. */
const LEAVING: Key[] = [
  'tool.code',
  'tool.strike',
  'tool.align',
  'tool.redo',
  'tool.underline',
  'tool.orderedList',
  'tool.taskList',
  'block.image',
  'tool.table',
  'tool.undo',
  'tool.colors',
  'tool.bulletList',
  'tool.link',
]

/** Fills the desk's toolbar; the answer empties it again. */
export function mountToolbar({ tools: bar, editor, page }: Desk): () => void {
  const buttons = new Map<HTMLButtonElement, Tool>()
  const showMenus = () => {
    menus.show()
    grid.element.hidden = !menus.table.hidden
  }
  const menus = new Menus(editor, page, () => editor.isDestroyed || showMenus())
  const more = bareButton(t('tool.more'), t('tool.more'), icon(Ellipsis))
  const tool = (each: Tool): Part => {
    const button = toolButton(editor, each)
    buttons.set(button, each)
    return { element: button, entries: () => [entryOf(editor, each, more)], ...leaves(each.key) }
  }
  const grid = tool(GRID)
  const images = 'pickImage' in editor.commands ? [tool(IMAGE)] : []
  const groups: Part[][] = [
    [{ element: menus.style }],
    [...MARKS, LINK, COLORS].map(tool),
    [...LISTS.map(tool), { element: menus.align, entries: () => alignEntries(editor), ...leaves('tool.align') }],
    [grid, { element: menus.table }, ...images, { element: menus.insert }],
    [...HISTORY.map(tool), { element: more }],
  ]
  const parts = groups.flatMap((group, index) => (index === 0 ? group : [{ element: gap() }, ...group]))
  bar.replaceChildren(...parts.map(({ element }) => element))

  const fold = foldParts(bar, parts, more)
  const mounted = [...menus.mount(), mountMenu(more, fold.entries)]
  const history = new Map([...buttons].filter(([, each]) => HISTORY.includes(each)))
  let shown = ''
  const show = () => {
    const now = situation(editor)
    showTools(editor, now === shown ? history : buttons)
    if (now === shown) return
    shown = now
    showMenus()
  }
  const leave = [eachFrame(editor, show), rove(bar, editor), keepAboveKeyboard(), fold.leave]
  return () => {
    for (const each of leave) each()
    for (const menu of mounted) menu.destroy()
    bar.replaceChildren()
  }
}

/** The buttons that open menus. */
class Menus {
  private readonly name = h('span', { class: 'label' })
  readonly style = menuButton('tool.style', this.name, icon(ChevronDown))
  readonly align = menuButton('tool.align', icon(TextAlignStart))
  /** In a table it is where the button for a new one is elsewhere. */
  readonly table = menuButton('tool.tableMenu', icon(TableProperties))
  readonly insert = menuButton('tool.insert', icon(Plus))
  /** Loaded when the caret first comes into a table. */
  private acts: typeof import('./table-acts') | null = null

  constructor(
    private readonly editor: Editor,
    private readonly page: Page,
    private readonly onTable: () => void,
  ) {
    this.style.classList.add('style')
  }

  /** Once they are in the page: a menu stands after its button. */
  mount() {
    const { editor, page } = this
    return [
      mountMenu(this.style, () => styleEntries(editor, page)),
      mountMenu(this.align, () => alignEntries(editor)),
      mountMenu(this.table, () => this.acts?.tableEntries(editor) ?? []),
      mountMenu(this.insert, () => insertEntries(editor, page)),
    ]
  }

  show(): void {
    const title = styleName(this.editor)
    if (this.name.textContent !== title) {
      this.name.textContent = title
      this.style.setAttribute('aria-label', `${t('tool.style')}: ${title}`)
    }
    set(this.align, 'aria-disabled', String(!canAlign(this.editor)))
    const inTable = isInTable(this.editor.state)
    this.table.hidden = !inTable || this.acts === null
    if (!inTable || this.acts !== null) return
    const use = (acts: typeof import('./table-acts')) => {
      this.acts = acts
      this.onTable()
    }
    void import('./table-acts').then(use, () => {}) // without a network the next look asks again
  }
}

/** A tool as a line of "More". */
function entryOf(editor: Editor, tool: Tool, anchor: HTMLElement): MenuEntry {
  const { active, shortcut } = tool
  return {
    label: t(tool.key),
    icon: icon(tool.icon),
    disabled: !tool.able(editor),
    ...(shortcut === undefined ? {} : { keys: keysFor(shortcut) }),
    ...(active === undefined ? {} : { checked: active(editor) }),
    run: () => tool.press(editor, anchor),
  }
}

function leaves(key: Key): { leaves?: number } {
  const at = LEAVING.indexOf(key)
  return at < 0 ? {} : { leaves: at }
}

const menuButton = (key: Key, ...children: (Node | string)[]): HTMLButtonElement =>
  bareButton(t(key), t(key), ...children)

const gap = (): HTMLElement => h('span', { class: 'gap', role: 'separator', 'aria-orientation': 'vertical' })
