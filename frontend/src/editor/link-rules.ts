/** What makes an address of what one types; pure. */
import { isSafeHref } from './schema/link'

const SCHEME = /^[a-z][a-z0-9+-]*:/i
const HOST = /^(localhost|[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+)(:\d+)?([/?#]|$)/u
const MAIL = /^[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+$/
/** What ends a sentence rather than an address; a bracket does when none was opened in it. */
const TAIL = /([.,;:!?'"”’»\]}]|(?<!\([^)]*)\))+$/

/** The address meant by `text`: `example.com` is https, `a@b.org` is mail. Null for what cannot or may not be followed. */
export function hrefFrom(text: string): string | null {
  const typed = text.trim()
  if (typed === '' || /\s/.test(typed)) return null
  if (MAIL.test(typed)) return `mailto:${typed}`
  if (HOST.test(typed)) return `https://${typed}`
  if (/^\/(?!\/)|^#/.test(typed) || SCHEME.test(typed)) return isSafeHref(typed) && parses(typed) ? typed : null
  return null
}

/** An address on its own, as it is pasted. */
export function pastedHref(text: string): string | null {
  const typed = text.trim()
  return /^(https?:\/\/|mailto:)\S+$/i.test(typed) ? hrefFrom(typed) : null
}

/** The address that ends a line of text, and how long its written form is: "see www.example.org" has one. */
export function typedHref(text: string): { href: string; written: string } | null {
  const word = /(?:^|[\s(“"])((?:https?:\/\/|www\.)\S+)$/i.exec(text)?.[1]
  if (word === undefined) return null
  const written = word.replace(TAIL, '')
  const href = /^https?:\/\/[^/]/i.test(written) || /^www\.[^.]+\../i.test(written) ? hrefFrom(written) : null
  return href === null ? null : { href, written }
}

const parses = (href: string): boolean => URL.canParse(href, 'https://here.invalid/')
