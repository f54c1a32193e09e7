/** `unsentText` as Markdown, for a file: headings, lists, quotes, code and the usual marks stay what they are; pure. */
import * as Y from 'yjs'
import type { Note } from './unsaved'
import { type Piece, unsentPieces } from './unsent'

/** The visible text of `fragment` that lies in `ranges`; empty when there is none. */
export function unsentMarkdown(fragment: Y.XmlFragment, ranges: Note[]): string {
  const blocks = fragment.toArray().map((child) => (child instanceof Y.XmlElement ? write(child, ranges) : ''))
  return blocks.filter(Boolean).join('\n\n')
}

function write(element: Y.XmlElement, ranges: Note[]): string {
  const isCode = element.nodeName === 'codeBlock'
  const parts = element.toArray().map((child) => {
    if (child instanceof Y.XmlText) return writeLine(unsentPieces(child, ranges), isCode)
    return child instanceof Y.XmlElement ? write(child, ranges) : ''
  })
  const written = parts.filter((part) => part.trim() !== '')
  return written.length === 0 ? '' : wrap(element, written)
}

function wrap(element: Y.XmlElement, parts: string[]): string {
  switch (element.nodeName) {
    case 'paragraph':
      return escapeBeginning(parts.join('').trim())
    case 'heading':
      return `${'#'.repeat(Number(element.getAttribute('level') ?? 1))} ${parts.join('').trim()}`
    case 'codeBlock':
      return fence(parts.join(''), String(element.getAttribute('language') ?? ''))
    case 'bulletList':
    case 'orderedList':
    case 'taskList':
      return parts.join('\n')
    case 'listItem':
    case 'taskItem':
      return hang(markerOf(element), parts.join('\n\n'))
    case 'blockquote':
    case 'callout':
      return prefix('> ', parts.join('\n\n'))
    default:
      return parts.join('\n\n')
  }
}

function markerOf(item: Y.XmlElement): string {
  if (item.nodeName === 'taskItem') return String(item.getAttribute('checked')) === 'true' ? '- [x] ' : '- [ ] '
  return item.parent instanceof Y.XmlElement && item.parent.nodeName === 'orderedList' ? '1. ' : '- '
}

function hang(marker: string, text: string): string {
  const indent = marker.startsWith('1') ? '   ' : '  '
  return marker + text.replaceAll(/\n(?=.)/g, `\n${indent}`)
}

const prefix = (sign: string, text: string): string => text.replaceAll(/^/gm, sign)

function fence(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const ticks = '`'.repeat(longest + 1)
  return `${ticks}${language === 'null' ? '' : language}\n${text}\n${ticks}`
}

const writeLine = (pieces: Piece[], isCode: boolean): string =>
  pieces.map((piece) => (isCode ? piece.text : mark(piece))).join('')

/** Marks stand close to their letters: `** bold**` would be no bold. */
function mark({ text, marks }: Piece): string {
  const [, before = '', letters = '', after = ''] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text) ?? []
  if (letters === '') return text
  let marked = has(marks, 'code') ? `\`${letters}\`` : escapeSigns(letters)
  if (has(marks, 'strike')) marked = `~~${marked}~~`
  if (has(marks, 'italic')) marked = `*${marked}*`
  if (has(marks, 'bold')) marked = `**${marked}**`
  const href = (marks.link as { href?: unknown } | null | undefined)?.href
  if (typeof href === 'string') marked = `[${marked}](<${href.replaceAll(/[<>\n]/g, encodeURIComponent)}>)`
  return before + marked + after
}

const has = (marks: Record<string, unknown>, name: string): boolean => (marks[name] ?? null) !== null

const escapeSigns = (text: string): string => text.replaceAll(/[\\`*_[\]<>~]/g, '\\$&')

const escapeBeginning = (line: string): string =>
  line.replace(/^(#{1,6}|[+-])(?=\s)/, '\\$1').replace(/^(\d{1,9})([.)])(?=\s)/, '$1\\$2')
