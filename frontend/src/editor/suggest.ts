/**
 * A list that opens while one types after a sign ("@", "/"), the same for every such sign.
 *
 *   addProseMirrorPlugins() {
 *     return [suggest<BlockChoice>({
 *       editor: this.editor, name: 'slash', char: '/', label: t('slash.label'),
 *       items: (query) => choices(query),                         // at once, or a promise (then give `debounceMs`)
 *       show: (choice) => ({ id: choice.key, label: choice.name, lead: () => icon(choice.icon), group: …, keys: … }),
 *       choose: (editor, range, choice) => choice.run(editor.chain().focus().deleteRange(range)).run(),
 *       empty: t('slash.none'),                                   // without it the list hides when nothing matches
 *     })]
 *   }
 *
 * It opens by typing the sign only, never because the caret passes one or somebody else types it, and not in code.
 * Focus stays in the text (ARIA APG, "Listbox" driven by `aria-activedescendant`): arrows move, Enter and Tab choose,
 * Escape closes until the word is left. Consecutive choices of one `group` stand under its name. Its look is in
 * `styles/suggest.css`; `.suggestion` is what was typed so far.
 */
import { shift, size } from '@floating-ui/dom'
import type { Editor, Range } from '@tiptap/core'
import { type EditorState, type Plugin, PluginKey } from '@tiptap/pm/state'
import { Suggestion, type SuggestionProps } from '@tiptap/suggestion'
import { ySyncPluginKey } from '@tiptap/y-tiptap'
import { h } from '../dom'
import { t } from '../strings'

const EDGE_PX = 8
const MAX_HEIGHT_PX = 320

/** An item as a line of the list. */
export interface Choice {
  /** Unique in the list. */
  id: string
  label: string
  /** A second line, quieter. */
  hint?: string
  /** A picture before the label; made anew each time. */
  lead?: () => Node
  /** What is to be seen at the end of the line: a shortcut, or what one may type instead. */
  keys?: string
  group?: string
}

export interface Suggest<T> {
  editor: Editor
  /** The plugin's name; unique in the editor. */
  name: string
  char: string
  /** The name of the list for who does not see it. */
  label: string
  items(query: string, signal: AbortSignal): T[] | Promise<T[]>
  show(item: T): Choice
  choose(editor: Editor, range: Range, item: T): void
  /** Whether it may open here, besides not in code. */
  allow?(state: EditorState, range: Range): boolean
  /** Said when nothing matches, while it may still be a name that is typed: with a space in it the list hides. */
  empty?: string | (() => string)
  /** What is typed may have spaces, as names do. */
  spaces?: boolean
  debounceMs?: number
}

export function suggest<T>(options: Suggest<T>): Plugin {
  const { editor, char, choose } = options
  const key = new PluginKey(options.name)
  const list = new List(options)
  return Suggestion<T, T>({
    editor,
    pluginKey: key,
    char,
    allowSpaces: options.spaces ?? false,
    allowedPrefixes: [' ', '(', '[', '“', '"', '\u00a0', '\ufffc'], // the last: after an atom, such as another mention
    debounce: options.debounceMs ?? 0,
    decorationClass: 'suggestion',
    items: ({ query, signal }) => options.items(query, signal),
    shouldShow: ({ transaction }) =>
      key.getState(editor.state)?.active ||
      (transaction.docChanged && transaction.getMeta(ySyncPluginKey) === undefined),
    allow: ({ state, range }) => editor.isEditable && !inCode(state) && (options.allow?.(state, range) ?? true),
    command: ({ range, props }) => choose(editor, range, props),
    offset: { mainAxis: 6 },
    floatingUi: { middleware: [shift({ padding: EDGE_PX }), size({ padding: EDGE_PX, apply: limitHeight })] },
    render: () => list,
  })
}

/** No higher than what is free: on a phone the keyboard takes half of the screen. */
function limitHeight({ availableHeight, elements }: { availableHeight: number; elements: { floating: HTMLElement } }) {
  elements.floating.style.setProperty(
    'max-height',
    `${Math.round(Math.min(MAX_HEIGHT_PX, Math.max(availableHeight, 96)))}px`,
  )
}

function inCode(state: EditorState): boolean {
  const { $from } = state.selection
  const code = state.schema.marks.code
  return $from.parent.type.spec.code === true || (code !== undefined && code.isInSet($from.marks()) !== undefined)
}

let lists = 0

/** The popup. Tiptap calls its `on…`; it keeps what it showed while new items are on their way. */
class List<T> {
  private element: HTMLElement | null = null
  private leave = () => {}
  private items: T[] = []
  private active = 0
  private query: string | null = null
  private props: SuggestionProps<T, T> | null = null
  private readonly id = `suggest-${++lists}`

  constructor(private readonly options: Suggest<T>) {}

  onStart = (props: SuggestionProps<T, T>): void => {
    this.props = props
    this.items = []
    this.query = null
    this.active = 0
    this.element = h('div', {
      class: 'suggest',
      id: this.id,
      role: 'listbox',
      tabindex: '0',
      'aria-label': this.options.label,
    })
    this.element.hidden = true // until there is something in it
    this.element.addEventListener('pointerdown', (event) => event.preventDefault()) // the text keeps its focus
    this.leave = props.mount(this.element)
    const { dom } = props.editor.view
    dom.setAttribute('aria-haspopup', 'listbox')
    dom.setAttribute('aria-autocomplete', 'list')
    dom.setAttribute('aria-controls', this.id)
  }

  onUpdate = (props: SuggestionProps<T, T>): void => {
    this.props = props
    if (props.loading) return
    if (props.query !== this.query) this.active = 0
    this.query = props.query
    this.items = props.items
    this.active = Math.min(this.active, Math.max(0, this.items.length - 1))
    this.draw()
    say(this.items.length > 0 ? t('suggest.count', { n: this.items.length }) : this.emptyText())
  }

  onKeyDown = ({ event }: { event: KeyboardEvent }): boolean => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false
    const count = this.items.length
    if (count === 0 || this.element?.hidden !== false) return false
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) this.activate((this.active + step + count) % count)
    else if (event.key === 'PageDown') this.activate(Math.min(count - 1, this.active + 8))
    else if (event.key === 'PageUp') this.activate(Math.max(0, this.active - 8))
    else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey) this.choose(this.active)
    else return false
    return true
  }

  onExit = (): void => {
    const dom = this.props?.editor.view.dom
    for (const name of ['aria-haspopup', 'aria-autocomplete', 'aria-controls', 'aria-activedescendant']) {
      dom?.removeAttribute(name)
    }
    this.leave()
    this.element?.remove()
    this.element = null
    this.props = null
    this.items = []
    say('')
  }

  private draw(): void {
    const { element } = this
    if (element === null) return
    const { show } = this.options
    const empty = this.emptyText()
    element.hidden = this.items.length === 0 && empty === ''
    element.replaceChildren()
    let group: { name: string; element: HTMLElement } | null = null
    this.items.forEach((item, index) => {
      const choice = show(item)
      if (choice.group !== undefined && choice.group !== group?.name) {
        group = { name: choice.group, element: groupElement(choice.group) }
        element.append(group.element)
      }
      const host = choice.group === undefined ? element : (group?.element ?? element)
      host.append(this.option(choice, index))
    })
    if (this.items.length === 0) element.append(h('p', { class: 'suggest-empty' }, empty))
    this.activate(this.active)
  }

  private emptyText(): string {
    const { empty = '' } = this.options
    if (/\s/.test(this.query ?? '')) return ''
    return typeof empty === 'string' ? empty : empty()
  }

  private option(choice: Choice, index: number): HTMLElement {
    const words = h(
      'span',
      { class: 'suggest-words' },
      h('span', { class: 'suggest-label', dir: 'auto' }, choice.label),
    )
    if (choice.hint) words.append(h('span', { class: 'suggest-hint' }, choice.hint))
    const option = h('div', { class: 'suggest-item', id: `${this.id}-${index}`, role: 'option' }, words)
    if (choice.lead) option.prepend(choice.lead())
    if (choice.keys) option.append(h('kbd', { class: 'suggest-keys', 'aria-hidden': 'true' }, choice.keys))
    option.addEventListener('pointermove', () => this.activate(index, { scroll: false }))
    option.addEventListener('click', () => this.choose(index))
    return option
  }

  private activate(index: number, { scroll } = { scroll: true }): void {
    this.active = index
    const options = this.element?.querySelectorAll<HTMLElement>('[role=option]') ?? []
    options.forEach((option, n) => {
      option.setAttribute('aria-selected', String(n === index))
    })
    const chosen = options[index]
    const dom = this.props?.editor.view.dom
    if (chosen === undefined) return dom?.removeAttribute('aria-activedescendant')
    dom?.setAttribute('aria-activedescendant', chosen.id)
    if (scroll && this.element !== null) reveal(chosen, this.element)
  }

  private choose(index: number): void {
    const item = this.items[index]
    if (item !== undefined) this.props?.command(item)
  }
}

/** Scrolls the list and never the page: before it is placed the list stands at the end of the page. */
function reveal(option: HTMLElement, list: HTMLElement): void {
  const [inner, outer] = [option.getBoundingClientRect(), list.getBoundingClientRect()]
  if (inner.top < outer.top) list.scrollTop -= outer.top - inner.top + EDGE_PX
  else if (inner.bottom > outer.bottom) list.scrollTop += inner.bottom - outer.bottom + EDGE_PX
}

function groupElement(name: string): HTMLElement {
  const title = h('span', { class: 'suggest-title', 'aria-hidden': 'true' }, name)
  return h('div', { role: 'group', 'aria-label': name, class: 'suggest-group' }, title)
}

/** The page's one polite voice. */
function say(text: string): void {
  const live = document.getElementById('live')
  if (live !== null) live.textContent = text
}
