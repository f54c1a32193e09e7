/** Markdown as HTML that the schema reads: CommonMark, tables, strikethrough, tasks, call-outs and formulas. */
import MarkdownIt from 'markdown-it'
import { clean } from './foreign'

const KINDS: Record<string, string> = {
  note: 'note',
  info: 'note',
  important: 'note',
  tip: 'tip',
  warning: 'warning',
  caution: 'danger',
  danger: 'danger',
}

export function renderMarkdown(text: string): string {
  const reader = new MarkdownIt({ html: false, linkify: false, typographer: false })
  const { body } = new DOMParser().parseFromString(reader.render(text), 'text/html')
  for (const list of body.querySelectorAll('ul, ol')) readTasks(list)
  for (const quote of body.querySelectorAll('blockquote')) readCallout(quote)
  readFormulas(body)
  return clean(body.innerHTML)
}

const TASK = /^\s*\[([ xX])\]\s+/

/** "- [x] done" (GitHub), where all points of a list are so. */
function readTasks(list: Element): void {
  const firsts = [...list.children].map(
    (item) => (item.firstElementChild?.matches('p') ? item.firstElementChild : item).firstChild,
  )
  if (!firsts.every((first) => first?.nodeType === Node.TEXT_NODE && TASK.test(first.textContent ?? ''))) return
  for (const first of firsts as Text[]) {
    const box = list.ownerDocument.createElement('input')
    box.type = 'checkbox'
    if (TASK.exec(first.data)?.[1] !== ' ') box.setAttribute('checked', '')
    first.data = first.data.replace(TASK, '')
    first.parentElement?.closest('li')?.prepend(box)
  }
}

/** "> [!NOTE]" (GitHub). */
function readCallout(quote: HTMLQuoteElement): void {
  const first = quote.querySelector(':scope > p:first-child')?.firstChild
  const sign = /^\[!(\w+)\]\s*/.exec(first?.textContent ?? '')
  const kind = KINDS[sign?.[1]?.toLowerCase() ?? '']
  if (!first || !sign || kind === undefined) return
  first.textContent = (first.textContent ?? '').slice(sign[0].length)
  const line = first.parentElement
  const callout = quote.ownerDocument.createElement('aside')
  callout.dataset.callout = kind
  callout.append(...quote.childNodes)
  quote.replaceWith(callout)
  if (line?.textContent.trim() === '' && callout.children.length > 1) line.remove()
}

const FORMULA = /(?<![\\$\w])\$(?!\s)([^$\n]+?)(?<![\s\\])\$(?![\d\w$])/

/** "$$…$$" on lines of its own, "$…$" in a line (as pandoc reads it: no space inside, no digit after). */
function readFormulas(body: HTMLElement): void {
  for (const line of body.querySelectorAll('p')) {
    const block = /^\$\$([\s\S]+)\$\$$/.exec(line.textContent.trim())
    if (block?.[1] === undefined || line.querySelector('code') !== null) continue
    const formula = body.ownerDocument.createElement('div')
    formula.dataset.latex = block[1].trim()
    line.replaceWith(formula)
  }
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_TEXT)
  const texts: Text[] = []
  while (walker.nextNode()) texts.push(walker.currentNode as Text)
  for (const text of texts) {
    if (text.parentElement?.closest('code, pre') || !FORMULA.test(text.data)) continue
    const parts = text.data.split(FORMULA).map((part, index) => (index % 2 === 0 ? part : formulaIn(text, part)))
    text.replaceWith(...parts)
  }
}

function formulaIn(text: Text, latex: string): HTMLElement {
  const formula = text.ownerDocument.createElement('span')
  formula.dataset.latex = latex
  return formula
}
