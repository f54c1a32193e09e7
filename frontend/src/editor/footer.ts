/** The line under the page: words, people, shortcuts. Nothing in it is worth a frame of typing: it counts at idle. */
import type { Editor } from '@tiptap/core'
import { mountCard } from '../card'
import { h } from '../dom'
import { part } from '../page'
import { Company } from '../people/company'
import { t } from '../strings'
import { type Count, countBetween, countDoc, NOTHING, WORDS_A_MINUTE } from './count'
import type { Feature } from './features'
import { showHelp } from './help'

const REST_MS = 250
/** The longest a slice of counting may take. */
const SLICE_MS = 6

export const mountFooter: Feature = ({ editor, page, provider }) => {
  const foot = part('foot')
  const outline = h('button', { type: 'button', class: 'foot-item foot-outline', popovertarget: 'outline' })
  outline.textContent = t('outline.title')
  const words = h('button', {
    type: 'button',
    class: 'foot-item',
    'data-testid': 'word-count',
    onmousedown: (event) => event.preventDefault(), // what is selected stays selected, and counted
  })
  const people = h('span', { class: 'foot-item', 'data-testid': 'here' })
  const help = h('button', { type: 'button', class: 'foot-item', onclick: () => showHelp() }, t('foot.help'))
  foot.append(words, people, h('span', { class: 'grow' }), outline, help)

  let count: Count = NOTHING
  let chosen: Count | null = null
  const card = mountCard(words, () => countRows(chosen ?? count, chosen !== null))
  const stopCounting = watchCounts(editor, (all, selected) => {
    count = all
    chosen = selected
    words.textContent = selected
      ? t('foot.selected', { n: selected.words, words: number(selected.words), all: number(all.words) })
      : t('foot.words', { n: all.words, words: number(all.words) })
    card.refresh()
  })

  const company = new Company(provider.awareness, page.person.id)
  const showPeople = () => {
    const { here, editing } = company.count()
    people.textContent = t('foot.here', { n: here }) + (editing > 0 ? `, ${t('foot.editing', { n: editing })}` : '')
  }
  company.onChange(showPeople)
  showPeople()
  return () => {
    stopCounting()
    company.end()
    card.destroy()
    foot.replaceChildren()
  }
}

/** Tells what is in the document and in the selection, when typing rests; the answer ends it. */
function watchCounts(editor: Editor, tell: (all: Count, selected: Count | null) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let counting: Generator<void, Count> | null = null
  let countedDoc: unknown = null
  let all = NOTHING

  const finish = () => {
    const { from, to, empty } = editor.state.selection
    tell(all, empty || !editor.view.hasFocus() ? null : countBetween(editor.state.doc, from, to))
  }
  const work = () => {
    timer = undefined
    if (editor.isDestroyed) return
    if (countedDoc === editor.state.doc && counting === null) return finish()
    if (countedDoc !== editor.state.doc) {
      countedDoc = editor.state.doc
      counting = countDoc(editor.state.doc)
    }
    const until = performance.now() + SLICE_MS
    while (performance.now() < until) {
      const step = counting?.next()
      if (!step?.done) continue
      counting = null
      all = step.value
      return finish()
    }
    timer = setTimeout(work, 0)
  }
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(work, REST_MS)
  }
  editor.on('transaction', soon)
  work()
  return () => {
    clearTimeout(timer)
    editor.off('transaction', soon)
  }
}

function countRows({ words, characters, visible }: Count, isSelection: boolean): HTMLElement[] {
  const minutes = Math.max(1, Math.round(words / WORDS_A_MINUTE))
  const rows: [string, string][] = [
    [t('count.words'), number(words)],
    [t('count.characters'), number(characters)],
    [t('count.visible'), number(visible)],
    [t('count.reading'), words === 0 ? '–' : t('count.minutes', { n: minutes })],
  ]
  const list = h('dl', { class: 'count' })
  for (const [name, value] of rows) list.append(h('dt', {}, name), h('dd', {}, value))
  return isSelection ? [h('b', {}, t('count.selection')), list] : [list]
}

const number = (value: number): string => value.toLocaleString(document.documentElement.lang || 'en')
