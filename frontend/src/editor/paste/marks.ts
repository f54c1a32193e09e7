/** Bold, italic and the like that are said in styles: what Google Docs does for all of them, Word and pages for some. */
import type { Color } from '../schema/colors'

const MONO = /courier|consolas|menlo|monaco|monospace|mono\b/i
const BLOCKS = 'h1, h2, h3, h4, h5, h6, pre'

/** Writes marks as elements; `highlights` too, where a background is the author's wish and not the page's. */
export function readMarks(body: HTMLElement, { highlights }: { highlights: boolean }): void {
  for (const element of body.querySelectorAll<HTMLElement>('b, strong, i, em')) {
    // Google Docs wraps everything into <b style="font-weight: normal">.
    const { fontWeight, fontStyle } = element.style
    const isPlain = element.matches('b, strong') ? isLight(fontWeight) : fontStyle === 'normal'
    if (isPlain) replaceName(element, 'span')
  }
  for (const element of body.querySelectorAll<HTMLElement>('[style]')) {
    const names = marksOf(element)
    if (highlights) {
      const color = highlightOf(element.style.backgroundColor || element.style.background)
      if (color !== null) names.push(`mark:${color}`)
    }
    wrapContent(element, names)
  }
  for (const element of body.querySelectorAll('ins')) replaceName(element, 'u')
  for (const element of body.querySelectorAll('tt, kbd, samp')) replaceName(element, 'code')
}

function marksOf(element: HTMLElement): string[] {
  if (!element.matches('span, font, a, p, li, td, div') || element.closest('pre') !== null) return []
  const { fontWeight, fontStyle, fontFamily } = element.style
  const lines = `${element.style.textDecoration} ${element.style.textDecorationLine}`
  const isInline = element.matches('span, font, a')
  const names: string[] = []
  const isStrong = /^(bold|bolder|[6-9]00)$/.test(fontWeight)
  if (isStrong && element.closest(BLOCKS) === null) names.push('strong')
  if (fontStyle === 'italic' || fontStyle === 'oblique') names.push('em')
  if (isInline && lines.includes('line-through')) names.push('s')
  if (isInline && lines.includes('underline') && element.closest('a') === null && element.querySelector('a') === null) {
    names.push('u')
  }
  if (isInline && MONO.test(fontFamily)) names.push('code')
  return names
}

const isLight = (weight: string): boolean => weight === 'normal' || weight === '400' || weight === '300'

/** Puts what is in `element` into marks; blocks in it are left as they are. */
function wrapContent(element: HTMLElement, names: string[]): void {
  if (element.querySelector('p, div, ul, ol, table, li') !== null) return
  for (const name of names) {
    const [tag = '', color] = name.split(':')
    const mark = element.ownerDocument.createElement(tag)
    if (color) mark.dataset.highlight = color
    mark.append(...element.childNodes)
    element.append(mark)
  }
}

/** The nearest of our colours; null for none, white and black. */
export function highlightOf(background: string): Color | null {
  const numbers = /rgba?\((\d+),\s*(\d+),\s*(\d+)(?:,\s*([\d.]+))?\)/.exec(background) ?? NAMED[background.trim()]
  if (!numbers) return null
  const [red, green, blue] = [Number(numbers[1]), Number(numbers[2]), Number(numbers[3])]
  if (numbers[4] !== undefined && Number(numbers[4]) < 0.1) return null
  const high = Math.max(red, green, blue)
  const low = Math.min(red, green, blue)
  if (high - low < 24) return high > 235 || high < 40 ? null : 'gray'
  return HUES.find(([limit]) => hueOf(red, green, blue, high, low) < limit)?.[1] ?? 'red'
}

const HUES: [degrees: number, color: Color][] = [
  [15, 'red'],
  [45, 'orange'],
  [70, 'yellow'],
  [170, 'green'],
  [255, 'blue'],
  [290, 'purple'],
  [345, 'pink'],
]

function hueOf(red: number, green: number, blue: number, high: number, low: number): number {
  const span = high - low
  if (high === red) return (((green - blue) / span) * 60 + 360) % 360
  return high === green ? ((blue - red) / span) * 60 + 120 : ((red - green) / span) * 60 + 240
}

/** Names that Word writes. */
const NAMED: Record<string, (string | undefined)[]> = {
  yellow: ['', '255', '255', '0'],
  lime: ['', '0', '255', '0'],
  aqua: ['', '0', '255', '255'],
  fuchsia: ['', '255', '0', '255'],
  blue: ['', '0', '0', '255'],
  red: ['', '255', '0', '0'],
  silver: ['', '192', '192', '192'],
}

function replaceName(element: Element, name: string): void {
  const made = element.ownerDocument.createElement(name)
  for (const { name: attribute, value } of [...element.attributes]) made.setAttribute(attribute, value)
  made.append(...element.childNodes)
  element.replaceWith(made)
}
