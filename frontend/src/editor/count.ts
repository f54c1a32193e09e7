/**
 * Words and characters of a text; blocks that did not change are not read again.
 *
 * A word is a run of letters and digits, with apostrophes and points inside it; scripts that set no spaces between
 * words (Chinese, Japanese) count by character, as word processors do.
 */
import type { Node } from '@tiptap/pm/model'

export interface Count {
  words: number
  /** As a person counts them: an emoji is one. */
  characters: number
  /** Of these, what is not white space. */
  visible: number
}

const WORDS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{N}\p{M}])+(?:['’.,_-](?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{N}\p{M}])+)*/gu
const PLAIN = /^[\x20-\x7e]*$/
export const WORDS_A_MINUTE = 230

export const NOTHING: Count = { words: 0, characters: 0, visible: 0 }

export function countText(text: string): Count {
  if (text === '') return NOTHING
  const visible = text.replace(/\s+/gu, '')
  return { words: text.match(WORDS)?.length ?? 0, characters: lengthOf(text), visible: lengthOf(visible) }
}

export function add(a: Count, b: Count): Count {
  return { words: a.words + b.words, characters: a.characters + b.characters, visible: a.visible + b.visible }
}

const known = new WeakMap<Node, Count>()

/** Counts `doc` in steps: between two the generator yields, so that a caller can give the browser a turn. */
export function* countDoc(doc: Node): Generator<void, Count> {
  const blocks: Node[] = []
  doc.descendants((node) => {
    if (node.isTextblock) blocks.push(node)
    return !node.isTextblock
  })
  let total = NOTHING
  for (const block of blocks) {
    let count = known.get(block)
    if (count === undefined) {
      count = countText(block.textBetween(0, block.content.size, undefined, leafText))
      known.set(block, count)
      yield
    }
    total = add(total, count)
  }
  return total
}

/** What lies between two positions. */
export function countBetween(doc: Node, from: number, to: number): Count {
  return countText(doc.textBetween(from, to, '\n', leafText))
}

function leafText(leaf: Node): string {
  if (leaf.type.name === 'hardBreak') return '\n'
  return leaf.type.name === 'mention' ? `@${leaf.attrs.label}` : ''
}

let segmenter: Intl.Segmenter | undefined

function lengthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  let length = 0
  for (const _ of segmenter.segment(text)) length += 1
  return length
}
