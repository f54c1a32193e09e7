/** The bar of find and replace, one at a time; it floats over the desk and moves nothing. */
import type { Editor } from '@tiptap/core'
import { TextSelection } from '@tiptap/pm/state'
import { CaseSensitive, ChevronDown, ChevronUp, type IconNode, WholeWord, X } from 'lucide'
import '../../styles/find.css'
import { h, icon } from '../../dom'
import { speaking } from '../../strings'
import { findWords } from '../../strings/find'
import { readable, reveal } from '../reveal'
import { change, type Found, foundIn } from './plugin'
import { replaceAll, replaceCurrent } from './replace'
import { type Query, Search } from './search'

const t = speaking(findWords)
type FindKey = keyof typeof findWords

const ANNOUNCE_MS = 600
const LONGEST_SELECTION = 200

export interface Asked {
  withReplace: boolean
  /** What was typed for the field before it was there. */
  typed: string
}

/** What was asked for last is offered again. */
let last: Query = { text: '', matchCase: false, wholeWord: false }
let shown: { bar: Bar; editor: Editor } | null = null

/** Shows the bar, or gives the one that shows the focus; the answer takes it away and leaves the focus alone. */
export function showFind(editor: Editor, asked: Asked): () => void {
  if (shown?.editor !== editor) {
    shown?.bar.remove()
    shown = { bar: new Bar(editor), editor }
  }
  shown.bar.ask(asked)
  return () => shown?.bar.remove()
}

class Bar {
  private readonly element: HTMLElement
  private readonly text = field('find.text', 'find-text')
  private readonly substitute = field('find.substitute', 'find-substitute')
  private readonly count = h('span', { class: 'find-count', 'data-testid': 'find-count' })
  private readonly live = h('span', { class: 'unseen', role: 'status', 'aria-live': 'polite' })
  private readonly matchCase = toggle('find.case', CaseSensitive, () => this.search())
  private readonly wholeWord = toggle('find.word', WholeWord, () => this.search())
  private shown: Found | null = null
  private announcing: ReturnType<typeof setTimeout> | undefined
  private readonly ending = new AbortController()

  constructor(private readonly editor: Editor) {
    const { signal } = this.ending
    const tools = [
      this.count,
      act('find.previous', ChevronUp, () => this.step(-1)),
      act('find.next', ChevronDown, () => this.step(1)),
      this.matchCase,
      this.wholeWord,
      act('find.close', X, () => this.close()),
    ]
    const replacing = [
      h('button', { type: 'button', class: 'button', onclick: () => this.replace() }, t('find.replace')),
      h('button', { type: 'button', class: 'button', onclick: () => this.replaceAll() }, t('find.all')),
    ]
    this.element = h(
      'search',
      { class: 'find', 'data-testid': 'find', 'aria-label': t('find.label') },
      h('div', { class: 'find-row' }, this.text, ...tools),
      h('div', { class: 'find-row find-replace' }, this.substitute, ...replacing),
      this.live,
    )
    this.matchCase.setAttribute('aria-pressed', String(last.matchCase))
    this.wholeWord.setAttribute('aria-pressed', String(last.wholeWord))
    this.text.addEventListener('input', () => this.search())
    this.element.addEventListener('keydown', (event) => this.onKey(event))
    window.addEventListener('keydown', (event) => this.onStepKey(event), { signal })
    editor.on('transaction', this.onTransaction)
    this.element.style.setProperty('--top', `${readable().top}px`)
    document.body.append(this.element)
  }

  /** Gives the field the focus, filled with what is selected in the text. */
  ask({ withReplace, typed }: Asked): void {
    const { from, to, empty, $from, $to } = this.editor.state.selection
    const inField = this.element.contains(document.activeElement)
    const selected = !empty && $from.sameParent($to) ? this.editor.state.doc.textBetween(from, to) : ''
    if (!inField) this.text.value = selected && selected.length <= LONGEST_SELECTION ? selected : last.text
    if (typed !== '') this.text.value = typed
    this.search(from)
    const wanted = withReplace && this.editor.isEditable && this.text.value !== '' ? this.substitute : this.text
    wanted.focus({ preventScroll: true })
    if (typed === '') wanted.select()
  }

  /** Takes the bar away; the caret is at the current match. */
  close(): void {
    const { state, view } = this.editor
    const match = foundIn(state).matches[foundIn(state).current]
    this.remove()
    if (match) {
      const { tr } = this.editor.state
      view.dispatch(tr.setSelection(TextSelection.between(tr.doc.resolve(match.from), tr.doc.resolve(match.to))))
    }
    view.focus()
  }

  remove(): void {
    clearTimeout(this.announcing)
    this.ending.abort()
    this.element.remove()
    this.editor.off('transaction', this.onTransaction)
    if (!this.editor.isDestroyed) this.editor.view.dispatch(change(this.editor.state.tr, { type: 'end' }))
    if (shown?.bar === this) shown = null
  }

  private search(near = this.near()): void {
    last = {
      text: this.text.value,
      matchCase: this.matchCase.getAttribute('aria-pressed') === 'true',
      wholeWord: this.wholeWord.getAttribute('aria-pressed') === 'true',
    }
    const { view } = this.editor
    view.dispatch(change(view.state.tr, { type: 'search', search: new Search(last), near }))
    this.showCurrent()
  }

  private near(): number {
    const { matches, current } = foundIn(this.editor.state)
    return matches[current]?.from ?? this.editor.state.selection.from
  }

  private step(by: 1 | -1): void {
    const { view } = this.editor
    const { matches, current } = foundIn(view.state)
    if (matches.length === 0) return
    const index = (current + by + matches.length) % matches.length
    view.dispatch(change(view.state.tr, { type: 'go', index }))
    this.showCurrent()
  }

  private replace(): void {
    const done = replaceCurrent(this.editor.view, this.substitute.value)
    this.showCurrent()
    if (done === 0 && foundIn(this.editor.state).matches.length > 0) this.say(t('find.fixed'))
  }

  private replaceAll(): void {
    this.say(t('find.replaced', { n: replaceAll(this.editor.view, this.substitute.value) }))
  }

  private showCurrent(): void {
    const { view } = this.editor
    const match = foundIn(view.state).matches[foundIn(view.state).current]
    if (match === undefined) return
    unfold(view.domAtPos(match.from).node)
    reveal(view, match.from)
  }

  private readonly onTransaction = (): void => {
    const found = foundIn(this.editor.state)
    if (found !== this.shown) this.show(found)
    this.shown = found
  }

  private show({ matches, current, search }: Found): void {
    const words = countWords(matches.length, current, search.query.text)
    if (words === this.count.textContent) return
    this.count.textContent = words
    this.element.classList.toggle('none', matches.length === 0 && search.query.text !== '')
    clearTimeout(this.announcing)
    this.announcing = setTimeout(() => this.say(words), ANNOUNCE_MS)
  }

  private say(words: string): void {
    clearTimeout(this.announcing)
    this.live.textContent = words
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.close()
    else if (event.key !== 'Enter' || event.isComposing || event.target instanceof HTMLButtonElement) return
    else if (event.target === this.substitute) this.replace()
    else this.step(event.shiftKey ? -1 : 1)
    event.preventDefault()
    event.stopPropagation()
  }

  private onStepKey(event: KeyboardEvent): void {
    const isStep = event.key === 'F3' || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'g')
    if (!isStep) return
    event.preventDefault()
    this.step(event.shiftKey ? -1 : 1)
  }
}

function countWords(count: number, current: number, text: string): string {
  if (text === '') return ''
  if (count === 0) return t('find.none')
  return t('find.count', { at: (current + 1).toLocaleString(), of: count.toLocaleString() })
}

/** Opens the toggles around a match: what is folded away cannot be seen. */
function unfold(node: Node): void {
  let element = node instanceof Element ? node : node.parentElement
  for (; element !== null; element = element.parentElement) {
    if (!element.matches('[data-type="details"]:not(.is-open)')) continue
    element.querySelector<HTMLElement>(':scope > button')?.click()
  }
}

function field(key: FindKey, id: string): HTMLInputElement {
  const name = t(key)
  return h('input', {
    class: 'field',
    type: 'text',
    'data-testid': id,
    'aria-label': name,
    placeholder: name,
    autocomplete: 'off',
    spellcheck: 'false',
    dir: 'auto',
  })
}

function act(key: FindKey, picture: IconNode, onclick: () => void): HTMLButtonElement {
  const name = t(key)
  return h('button', { type: 'button', class: 'tool', title: name, 'aria-label': name, onclick }, icon(picture))
}

function toggle(key: FindKey, picture: IconNode, onChange: () => void): HTMLButtonElement {
  const button = act(key, picture, () => {
    button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'))
    onChange()
  })
  return button
}
