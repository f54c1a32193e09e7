/**
 * HTML from elsewhere (Word, Google Docs, any page) made into the HTML that the schema reads: structure, no looks.
 *
 * It works on a document that is not shown: nothing in it is loaded or run. Only what a document can hold is left,
 * so scripts, styles and addresses that count readers never reach the editor.
 */
import { imagePath } from '../images/address'
import { isSafeHref } from '../schema/link'
import { readMarks } from './marks'
import { mendWordLists, mendWordStyles } from './word'

/** More than this takes seconds to put in and to draw. */
const MOST_ELEMENTS = 15_000

export class TooLarge extends Error {
  constructor(readonly elements: number) {
    super(`${elements} elements are too many to paste, the most is ${MOST_ELEMENTS}`)
  }
}

/** The empty string: there is nothing in it that could be pasted. Raises `TooLarge`. */
export function clean(html: string): string {
  const { body } = new DOMParser().parseFromString(quiet(html), 'text/html')
  const elements = body.querySelectorAll('*').length
  if (elements > MOST_ELEMENTS) throw new TooLarge(elements)
  const isWord = /class="?Mso|urn:schemas-microsoft-com:office|mso-/i.test(html)
  const isDocs = /id="docs-internal-guid-/.test(html)
  readMath(body)
  for (const element of body.querySelectorAll(UNWANTED)) element.remove()
  removeHidden(body)
  if (isWord) {
    mendWordLists(body)
    mendWordStyles(body)
  }
  readTasks(body)
  readMarks(body, { highlights: isWord || isDocs })
  mendBlocks(body)
  for (const image of body.querySelectorAll('img')) mendImage(image)
  for (const link of body.querySelectorAll('a')) mendLink(link)
  stripAttributes(body)
  const isEmpty = body.textContent.trim() === '' && body.querySelector('img, hr, [data-latex]') === null
  return isEmpty ? '' : body.innerHTML
}

/** Styles, scripts and their like are taken out before: the browser would report each to the console as blocked. */
const quiet = (html: string): string =>
  ['style', 'script', 'xml']
    .reduce(without, html)
    .replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/(\s)on[a-z]+\s*=/gi, '$1data-off='))

/** `html` without the elements of this name; those that never end are left, and looked for once only. */
function without(html: string, name: string): string {
  const open = new RegExp(`<${name}\\b`, 'gi')
  const close = new RegExp(`</${name}\\s*>`, 'gi')
  let kept = ''
  let from = 0
  for (let start = open.exec(html); start !== null; start = open.exec(html)) {
    close.lastIndex = start.index
    if (close.exec(html) === null) break
    kept += html.slice(from, start.index)
    from = open.lastIndex = close.lastIndex
  }
  return kept + html.slice(from)
}

const UNWANTED =
  'script, style, link, meta, title, base, noscript, template, iframe, frame, object, embed, applet, svg, canvas, ' +
  'audio, video, select, textarea, button, nav, dialog, map, br.Apple-interchange-newline'

/** What a formula is wrapped in, the outermost first. */
const WHOLES = ['.katex-display', '.katex', '.mwe-math-element', 'math']

/** Formulas carry their LaTeX beside what is drawn (KaTeX, MathJax, MediaWiki). */
function readMath(body: HTMLElement): void {
  for (const note of body.querySelectorAll('annotation[encoding="application/x-tex"]')) {
    const whole = WHOLES.map((selector) => note.closest(selector)).find((found) => found !== null) ?? null
    const latex = note.textContent.trim().replace(/^\{\\displaystyle (.*)\}$/s, '$1')
    if (whole === null || latex === '') continue
    const isBlock = whole.matches('.katex-display') || note.closest('math[display="block"]') !== null
    const formula = body.ownerDocument.createElement(isBlock ? 'div' : 'span')
    formula.dataset.latex = latex
    whole.replaceWith(formula)
  }
}

function removeHidden(body: HTMLElement): void {
  for (const element of body.querySelectorAll('[hidden], [style*="display"], [style*="mso-hide"]')) {
    if (!/display\s*:\s*none|mso-hide\s*:\s*all/i.test(element.getAttribute('style') ?? 'display:none')) continue
    element.remove()
  }
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_COMMENT)
  const comments: Node[] = []
  while (walker.nextNode()) comments.push(walker.currentNode)
  for (const comment of comments) (comment as Comment).remove()
}

// Check lists: Google Docs says it with a role, GitHub with an input, Notion with a class.
function readTasks(body: HTMLElement): void {
  for (const item of body.querySelectorAll('li')) {
    const box = item.querySelector(
      ':scope > input[type="checkbox"], :scope > p > input[type="checkbox"], :scope > label > input[type="checkbox"], :scope > .checkbox',
    )
    if (box === null && item.getAttribute('role') !== 'checkbox') continue
    const isDone =
      item.getAttribute('aria-checked') === 'true' ||
      box?.hasAttribute('checked') ||
      box?.matches('.checkbox-on') ||
      false
    item.dataset.type = 'taskItem'
    item.dataset.checked = String(isDone)
    for (const label of item.querySelectorAll(':scope > label')) label.replaceWith(...label.childNodes)
    for (const drawn of item.querySelectorAll(':scope > img, :scope > .checkbox')) drawn.remove()
  }
  for (const list of body.querySelectorAll('ul, ol')) {
    const items = [...list.children].filter((child) => child.matches('li'))
    if (items.length > 0 && items.every((item) => item.matches('[data-type="taskItem"]'))) {
      const tasks = body.ownerDocument.createElement('ul')
      tasks.dataset.type = 'taskList'
      tasks.append(...list.childNodes)
      list.replaceWith(tasks)
    } else {
      for (const item of items) delete (item as HTMLElement).dataset.type
    }
  }
  for (const input of body.querySelectorAll('input')) input.remove()
}

function mendBlocks(body: HTMLElement): void {
  for (const line of body.querySelectorAll('br')) if (isBetweenBlocks(line)) line.remove()
  for (const small of body.querySelectorAll('h5, h6')) rename(small, 'h4')
  for (const pre of body.querySelectorAll('pre')) mendCode(pre)
  for (const table of body.querySelectorAll('table')) {
    // A table of one cell is there for its looks.
    if (table.querySelectorAll('td, th').length <= 1)
      table.replaceWith(...(table.querySelector('td, th')?.childNodes ?? []))
  }
  for (const details of body.querySelectorAll('details')) {
    const summary = details.querySelector(':scope > summary')
    const content = body.ownerDocument.createElement('div')
    content.dataset.type = 'detailsContent'
    content.append(...[...details.childNodes].filter((child) => child !== summary))
    if (content.childNodes.length === 0) content.append(body.ownerDocument.createElement('p'))
    details.append(content)
  }
  // A list in a list, not in an item (Google Docs): it belongs to the item before it.
  for (const inner of body.querySelectorAll(':is(ul, ol) > :is(ul, ol)')) {
    const before = inner.previousElementSibling
    if (before?.matches('li')) before.append(inner)
  }
}

const BLOCKS = 'p, h1, h2, h3, h4, ul, ol, table, blockquote, pre, div, hr'

/** A break beside a block is there for the space only (Google Docs puts one between paragraphs). */
function isBetweenBlocks({ previousSibling, nextSibling }: Element): boolean {
  const isBlock = (node: Node | null) => node instanceof Element && node.matches(BLOCKS)
  return isBlock(previousSibling) || (previousSibling === null && isBlock(nextSibling))
}

const LANGUAGE = /(?:^|\s)(?:language-|lang-|highlight-source-|brush:\s*)([\w+#-]+)/

function mendCode(pre: HTMLPreElement): void {
  const names = [pre.querySelector('code')?.className, pre.className, pre.parentElement?.className]
  const language = names.map((name) => LANGUAGE.exec(name ?? '')?.[1]).find(Boolean)
  for (const line of pre.querySelectorAll('br')) line.replaceWith('\n')
  const code = pre.ownerDocument.createElement('code')
  if (language) code.className = `language-${language}`
  code.textContent = pre.textContent.replace(/\n$/, '')
  pre.replaceChildren(code)
}

/** A picture that may not be loaded becomes a link to it; what only counts readers goes. */
function mendImage(image: HTMLImageElement): void {
  const src = image.getAttribute('src') ?? ''
  const own = imagePath(src)
  if (own !== null) return image.setAttribute('src', own)
  if (src.startsWith('data:image/')) return
  const isDot = ['width', 'height'].some((side) => Number.parseFloat(image.getAttribute(side) ?? '9') <= 2)
  if (isDot || !/^https?:/i.test(src)) return image.remove()
  if (image.closest('a') !== null && image.alt === '') return image.replaceWith(fileName(src))
  const words = image.alt.trim() || fileName(src)
  if (image.closest('a') !== null) return image.replaceWith(words)
  const link = image.ownerDocument.createElement('a')
  link.setAttribute('href', src)
  link.textContent = words
  image.replaceWith(link)
}

const fileName = (src: string): string => decodeURI(new URL(src).pathname.split('/').pop() || src).slice(0, 80)

function mendLink(link: HTMLAnchorElement): void {
  const href = targetOf(link.getAttribute('href')?.trim() ?? '')
  if (/^(https?:|mailto:|tel:)/i.test(href) && isSafeHref(href)) link.setAttribute('href', href)
  else link.replaceWith(...link.childNodes) // within its own page, or not to be followed
}

/** Google Docs leads every link over itself. */
function targetOf(href: string): string {
  if (!/^https:\/\/www\.google\.com\/url\?/.test(href)) return href
  const target = new URL(href).searchParams.get('q') ?? ''
  return /^https?:/.test(target) ? target : href
}

const KEPT: Record<string, string[]> = {
  a: ['href'],
  img: ['src', 'alt'],
  td: ['colspan', 'rowspan'],
  th: ['colspan', 'rowspan'],
  ol: ['start'],
  code: ['class'],
  li: ['data-type', 'data-checked'],
  ul: ['data-type'],
  mark: ['data-highlight'],
  span: ['data-latex'],
  div: ['data-latex', 'data-type'],
  aside: ['data-callout'],
}
const KINDS = ['taskItem', 'taskList', 'detailsContent']

function stripAttributes(body: HTMLElement): void {
  for (const element of body.querySelectorAll('*')) {
    const kept = KEPT[element.localName] ?? []
    for (const { name, value } of [...element.attributes]) {
      const isKept = kept.includes(name) || name === 'dir'
      if (!isKept || (name === 'data-type' && !KINDS.includes(value))) element.removeAttribute(name)
    }
  }
}

export function rename(element: Element, name: string): HTMLElement {
  const made = element.ownerDocument.createElement(name)
  for (const { name: attribute, value } of [...element.attributes]) made.setAttribute(attribute, value)
  made.append(...element.childNodes)
  element.replaceWith(made)
  return made
}
