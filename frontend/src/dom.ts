/** Small words for building and leaving the DOM. */
import { createElement, type IconNode } from 'lucide'

type Attributes = Record<string, string | boolean | ((event: Event) => void)>

/** An element with attributes (`true` is present, `false` absent), listeners (`onclick`) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value !== false) element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children)
  return element
}

/** An icon of lucide's set; decoration only: the name is on the button around it. */
export function icon(node: IconNode): SVGElement {
  return createElement(node, { class: 'icon', 'aria-hidden': 'true' })
}

/** Puts text on the clipboard; says whether that worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copyBySelection(text)
  }
}

/** Offers text as a file. */
export function downloadText(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  h('a', { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** The way for pages that are not served over https. */
function copyBySelection(text: string): boolean {
  const area = h('textarea', { class: 'aside-copy', 'aria-hidden': 'true' })
  area.value = text
  const host = document.querySelector('dialog[open]') ?? document.body
  host.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  return done
}
