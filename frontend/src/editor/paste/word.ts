/** What Word writes instead of HTML: lists as paragraphs with a drawn bullet, titles as classes, empty lines for space. */

const LEVEL = /mso-list:\s*l(\d+)\s+level(\d+)/i
const NUMBER = /^\s*\(?(?:\d+|[a-z]{1,4})[.)]/i

/** Paragraphs "mso-list:l0 level2 lfo1" become lists within lists. */
export function mendWordLists(body: HTMLElement): void {
  for (const first of body.querySelectorAll<HTMLElement>('[style*="mso-list"]')) {
    if (!isItem(first) || !first.isConnected) continue
    const items: HTMLElement[] = [first]
    for (
      let next = first.nextElementSibling;
      next instanceof HTMLElement && isItem(next);
      next = next.nextElementSibling
    ) {
      items.push(next)
    }
    first.before(...listsOf(items))
    for (const item of items) item.remove()
  }
}

/** Titles and quotes by their class, bookmarks, empty lines, Word's own elements. */
export function mendWordStyles(body: HTMLElement): void {
  const named: [selector: string, name: string][] = [
    ['p.MsoTitle, p[class*="Title"]', 'h1'],
    ['p.MsoSubtitle', 'p'],
    ['p[class^="MsoHeading1"]', 'h1'],
    ['p[class^="MsoHeading2"]', 'h2'],
    ['p[class^="MsoHeading3"]', 'h3'],
  ]
  for (const [selector, name] of named) {
    for (const element of body.querySelectorAll(selector)) {
      const made = body.ownerDocument.createElement(name)
      made.append(...element.childNodes)
      element.replaceWith(made)
    }
  }
  for (const quote of body.querySelectorAll('p[class*="Quote"]')) {
    const made = body.ownerDocument.createElement('blockquote')
    quote.before(made)
    made.append(quote)
  }
  for (const element of body.querySelectorAll('*')) {
    if (element.localName.includes(':')) element.replaceWith(...element.childNodes) // <o:p>, <st1:place>
  }
  for (const bookmark of body.querySelectorAll('a[name]:not([href])')) bookmark.replaceWith(...bookmark.childNodes)
  for (const space of body.querySelectorAll('[style*="mso-spacerun"], [style*="mso-tab-count"]')) space.replaceWith(' ')
  for (const line of body.querySelectorAll('p')) {
    const isEmpty = line.textContent.replaceAll('\u00a0', ' ').trim() === '' && line.querySelector('img') === null
    if (isEmpty && line.closest('td, th, li') === null) line.remove()
  }
}

const isItem = (element: HTMLElement): boolean =>
  element.matches('p, h1, h2, h3, h4, div') && LEVEL.test(element.getAttribute('style') ?? '')

function listsOf(items: HTMLElement[]): HTMLElement[] {
  const tops: HTMLElement[] = []
  /** The open list of each level. */
  const open: { list: HTMLElement; level: number; id: string }[] = []
  for (const item of items) {
    const [, id = '', depth = '1'] = LEVEL.exec(item.getAttribute('style') ?? '') ?? []
    const level = Number(depth)
    const marker = takeMarker(item)
    const name = NUMBER.test(marker) ? 'ol' : 'ul'
    while (open.length > 0 && (open.at(-1)?.level ?? 0) > level) open.pop()
    let here = open.at(-1)
    if (here?.level === level && (here.list.localName !== name || (here.id !== id && level === 1))) {
      open.pop()
      here = open.at(-1)
    }
    if (here?.level !== level) {
      const list = item.ownerDocument.createElement(name)
      const start = Number.parseInt(marker, 10)
      if (name === 'ol' && start > 1) list.setAttribute('start', String(start))
      const parent = here?.list.lastElementChild
      if (parent) parent.append(list)
      else tops.push(list)
      here = { list, level, id }
      open.push(here)
    }
    const line = item.ownerDocument.createElement('p')
    line.append(...item.childNodes)
    const made = item.ownerDocument.createElement('li')
    made.append(line)
    here.list.append(made)
  }
  return tops
}

/** Takes the drawn bullet or number out of the paragraph; answers what it was. */
function takeMarker(item: HTMLElement): string {
  const drawn = [...item.querySelectorAll<HTMLElement>('[style*="mso-list"]')].filter((element) =>
    /mso-list:\s*ignore/i.test(element.getAttribute('style') ?? ''),
  )
  const words = drawn.map((element) => element.textContent).join('')
  for (const element of drawn) element.remove()
  return words.replaceAll('\u00a0', ' ').trim()
}
