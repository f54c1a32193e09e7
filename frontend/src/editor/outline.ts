/**
 * The outline: the headings beside the text on wide screens, in a popover on narrower ones.
 *
 * It is read again when typing rests, and it marks the heading under which one reads, as one scrolls.
 */
import type { Editor } from '@tiptap/core'
import { TextSelection } from '@tiptap/pm/state'
import { h } from '../dom'
import { part } from '../page'
import { t } from '../strings'
import type { Feature } from './features'
import { type Heading, headingsOf } from './headings'
import { readable, reveal } from './reveal'

const REST_MS = 150
/** Where the desk has no room beside the sheet; styles/outline.css has the same. */
const NARROW = '(max-width: 67.5rem)'
/** A heading counts as reached this far below the bars. */
const REACHED_PX = 64

export const mountOutline: Feature = ({ editor }) => {
  const nav = part('outline')
  const list = h('ol', {})
  nav.append(h('p', { class: 'outline-title', 'aria-hidden': 'true' }, t('outline.title')), list)
  const narrow = window.matchMedia(NARROW)
  const ending = new AbortController()
  const { signal } = ending
  let headings: Heading[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let frame = 0

  const mark = () => {
    frame = 0
    if (nav.hidden || editor.isDestroyed) return
    const here = currentIndex(headings.length, (index) => topOf(editor, headings[index]), readable().top + REACHED_PX)
    for (const [index, item] of [...list.children].entries()) {
      const button = item.firstElementChild
      if (index !== here) button?.removeAttribute('aria-current')
      else if (!button?.hasAttribute('aria-current')) {
        button?.setAttribute('aria-current', 'location')
        if (nav.scrollHeight > nav.clientHeight) button?.scrollIntoView({ block: 'nearest' })
      }
    }
  }
  const markSoon = () => {
    frame ||= requestAnimationFrame(mark)
  }
  const read = () => {
    timer = undefined
    if (editor.isDestroyed) return
    headings = headingsOf(editor.state.doc)
    show(list, headings, (index) => {
      const heading = headings[index]
      if (narrow.matches) nav.hidePopover()
      if (heading) goTo(editor, heading)
    })
    nav.hidden = headings.length === 0
    document.documentElement.toggleAttribute('data-outline', headings.length > 0)
    markSoon()
  }
  const onTransaction = ({ transaction }: { transaction: { docChanged: boolean } }) => {
    if (!transaction.docChanged) return
    clearTimeout(timer)
    timer = setTimeout(read, REST_MS)
  }
  const fold = () => {
    if (narrow.matches) nav.popover = 'auto'
    else nav.popover = null
    markSoon()
  }

  editor.on('transaction', onTransaction)
  window.addEventListener('scroll', markSoon, { passive: true, signal })
  window.addEventListener('resize', markSoon, { passive: true, signal })
  narrow.addEventListener('change', fold, { signal })
  fold()
  read()
  return () => {
    clearTimeout(timer)
    cancelAnimationFrame(frame)
    ending.abort()
    editor.off('transaction', onTransaction)
    nav.replaceChildren()
    nav.hidden = true
    document.documentElement.removeAttribute('data-outline')
  }
}

/** The last of `count` headings whose top is above `line`, by halving: tops grow with the index. The first, if none is. */
export function currentIndex(count: number, topAt: (index: number) => number, line: number): number {
  let low = 0
  let high = count - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (topAt(middle) <= line) low = middle
    else high = middle - 1
  }
  return low
}

function topOf(editor: Editor, heading: Heading | undefined): number {
  const element = heading && editor.view.nodeDOM(heading.pos)
  return element instanceof HTMLElement ? element.getBoundingClientRect().top : Number.POSITIVE_INFINITY
}

/** Changes only what differs: the focus stays, and nothing is drawn again for every letter. */
function show(list: HTMLElement, headings: Heading[], choose: (index: number) => void): void {
  const top = Math.min(...headings.map(({ level }) => level))
  headings.forEach(({ level, text }, index) => {
    const item =
      list.children[index] ??
      list.appendChild(
        h(
          'li',
          {},
          itemButton(() => choose(index)),
        ),
      )
    const button = item.firstElementChild as HTMLElement
    if (button.textContent !== text) button.textContent = text
    button.dataset.depth = String(level - top)
  })
  while (list.children.length > headings.length) list.lastElementChild?.remove()
}

const itemButton = (choose: () => void): HTMLElement =>
  h('button', { type: 'button', class: 'outline-item', dir: 'auto', onclick: choose })

function goTo(editor: Editor, { pos }: Heading): void {
  const { state, view } = editor
  const inside = Math.min(pos + 1, state.doc.content.size)
  view.dispatch(state.tr.setSelection(TextSelection.near(state.doc.resolve(inside))))
  reveal(view, inside, 'top')
  // A finger would call up the keyboard over what one wants to read.
  if (editor.isEditable && !window.matchMedia('(pointer: coarse)').matches) view.focus()
}
