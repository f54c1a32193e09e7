/** Finds text in a document: block by block, across marks, an unbroken line of text per block. Pure. */
import type { Node } from '@tiptap/pm/model'

export interface Query {
  text: string
  /** "A" is not "a". */
  matchCase: boolean
  /** Only where no letter or digit stands beside it. */
  wholeWord: boolean
}

export interface Match {
  from: number
  to: number
  /** Part of a mention, a formula: it is found, but cannot be replaced. */
  fixed: boolean
}

const WORD = '[\\p{L}\\p{N}\\p{M}_]'
/** Stands for a node in the line that has no text. */
const HOLE = '\ufffc'

/** All matches, in order; blocks that were searched for the same query before are not read again. */
export class Search {
  private readonly pattern: RegExp | null
  private readonly known = new WeakMap<Node, Match[]>()

  constructor(readonly query: Query) {
    this.pattern = patternOf(query)
  }

  in(doc: Node): Match[] {
    const found: Match[] = []
    if (this.pattern === null) return found
    doc.descendants((node, pos) => {
      if (!node.isTextblock) return true
      for (const { from, to, fixed } of this.inBlock(node)) found.push({ from: pos + from, to: pos + to, fixed })
      return false
    })
    return found
  }

  /** Matches in one block, counted from before it. */
  private inBlock(block: Node): Match[] {
    const before = this.known.get(block)
    if (before !== undefined) return before
    const found: Match[] = []
    const line = lineOf(block)
    for (const { index, 0: text } of line.text.matchAll(this.pattern ?? /(?!)/)) {
      found.push(line.range(index, index + text.length))
    }
    this.known.set(block, found)
    return found
  }
}

/** The query as a pattern; null when nothing is asked for. */
function patternOf({ text, matchCase, wholeWord }: Query): RegExp | null {
  if (text === '') return null
  // Typed spaces find the unbreakable ones too, typed apostrophes the curly ones.
  const literal = text
    .replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    .replace(/[ \u00a0]/g, '[ \\u00a0]')
    .replace(/['’]/g, "['’]")
    .replace(/["“”]/g, '["“”]')
    .replaceAll('\\-', '-')
  const bounded = wholeWord ? `(?<!${WORD})${literal}(?!${WORD})` : literal
  return new RegExp(bounded, matchCase ? 'gu' : 'giu')
}

interface Line {
  text: string
  /** From offsets in `text` to positions counted from before the block. */
  range(start: number, end: number): Match
}

function lineOf(block: Node): Line {
  let text = ''
  const parts: { start: number; end: number; from: number; size: number; isText: boolean }[] = []
  block.forEach((child, offset) => {
    const words = child.isText ? (child.text ?? '') : leafText(child)
    parts.push({
      start: text.length,
      end: text.length + words.length,
      from: offset + 1,
      size: child.nodeSize,
      isText: child.isText,
    })
    text += words
  })
  const range = (start: number, end: number): Match => {
    const touched = parts.filter((part) => part.start < end && part.end > start)
    const first = touched[0]
    const last = touched.at(-1)
    if (!first || !last) return { from: 1, to: 1, fixed: true }
    return {
      from: first.isText ? first.from + start - first.start : first.from,
      to: last.isText ? last.from + end - last.start : last.from + last.size,
      fixed: touched.some(({ isText }) => !isText),
    }
  }
  return { text, range }
}

function leafText(leaf: Node): string {
  if (leaf.type.name === 'hardBreak') return '\n'
  if (leaf.type.name === 'mention') return `@${leaf.attrs.label}`
  return HOLE
}
