// @vitest-environment jsdom
/** Where the caret goes when somebody else splits, joins, moves or remakes the block that it stands in. */
import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { moveBlock } from '../../src/editor/blocks/commands'
import { Writer } from './company'

const HTML = '<p>alpha stands</p><p>bravo stands</p><p>charlie stands</p>'

const ACTS: [name: string, (bob: Writer) => void, lines: string][] = [
  [
    'splits before it',
    (bob) =>
      bob.editor
        .chain()
        .setTextSelection(inWord(bob, 'bravo', 1))
        .splitBlock()
        .run(),
    'alpha stands|b|ra^vo stands|charlie stands',
  ],
  [
    'joins its block to the one before',
    (bob) =>
      bob.editor
        .chain()
        .setTextSelection(inWord(bob, 'bravo', 0))
        .joinBackward()
        .run(),
    'alpha standsbra^vo stands|charlie stands',
  ],
  [
    'makes a heading of it',
    (bob) =>
      bob.editor
        .chain()
        .setTextSelection(inWord(bob, 'bravo', 0))
        .setHeading({ level: 2 })
        .run(),
    'alpha stands|bra^vo stands|charlie stands',
  ],
  [
    'makes a list of it',
    (bob) =>
      bob.editor
        .chain()
        .setTextSelection(inWord(bob, 'bravo', 0))
        .toggleBulletList()
        .run(),
    'alpha stands|||bra^vo stands|charlie stands',
  ],
  ['moves it up', (bob) => move(bob, 'bravo', -1), 'bra^vo stands|alpha stands|charlie stands'],
  ['moves it down', (bob) => move(bob, 'bravo', 1), 'alpha stands|charlie stands|bra^vo stands'],
  ['moves its neighbour down', (bob) => move(bob, 'alpha', 1), 'bra^vo stands|alpha stands|charlie stands'],
]

it.each(ACTS)('stays at its letter when somebody %s', (_name, act, lines) => {
  const [ada, bob] = [new Writer('ada', 1), new Writer('bob', 2)]
  ada.editor.commands.setContent(HTML)
  meet(ada, bob)
  ada.editor.commands.setTextSelection(inWord(ada, 'bravo', 3))
  act(bob)
  meet(ada, bob)
  ada.editor.commands.insertContent('^')
  expect(ada.editor.getText({ blockSeparator: '|' })).toBe(lines)
  for (const writer of [ada, bob]) {
    writer.check()
    writer.leave()
  }
})

function move(writer: Writer, word: string, by: 1 | -1): void {
  writer.editor.commands.setTextSelection(inWord(writer, word, 1))
  moveBlock(by)(writer.editor.state, writer.editor.view.dispatch)
}

function meet(one: Writer, other: Writer): void {
  other.take(Y.encodeStateAsUpdate(one.doc))
  one.take(Y.encodeStateAsUpdate(other.doc))
}

function inWord(writer: Writer, word: string, letter: number): number {
  let found = -1
  writer.editor.state.doc.descendants((node, pos) => {
    if (node.text?.startsWith(word)) found = pos + letter
  })
  return found
}
