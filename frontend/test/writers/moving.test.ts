// @vitest-environment jsdom
/** What others type while a block is moved: Yjs knows no move, the block is deleted here and made anew there. */
import { expect, it } from 'vitest'
import * as Y from 'yjs'
import { deleteBlock, duplicateBlock, moveBlock, moveBlockTo } from '../../src/editor/blocks/commands'
import { Writer } from './company'

const WORDS = ['alpha', 'bravo', 'charlie', 'delta']

it.each(WORDS.slice(0, 3))('keeps what is typed meanwhile into a block that stays: %s', (word) => {
  const [ada, bob] = [new Writer('ada', 1), new Writer('bob', 2)]
  ada.editor.commands.setContent(WORDS.map((each) => `<p>${each} stands</p>`).join(''))
  meet(ada, bob)
  moveBlockTo(placeOf(ada, 'delta') - 1, 0)(ada.editor.state, ada.editor.view.dispatch)
  bob.editor.view.dispatch(bob.editor.state.tr.insertText(' really', placeOf(bob, word) + word.length))
  meet(ada, bob)
  const lines = ['delta', ...WORDS.slice(0, 3)].map((each) => (each === word ? `${each} really` : each))
  for (const writer of [ada, bob]) {
    expect(writer.editor.getText({ blockSeparator: '\n' })).toBe(lines.map((line) => `${line} stands`).join('\n'))
    writer.check()
    writer.leave()
  }
})

it('takes back what was done with blocks one by one, however quickly it was done', () => {
  const ada = new Writer('ada', 1)
  ada.editor.commands.setContent('<p>one</p><p>two</p>')
  ada.editor.commands.setTextSelection(placeOf(ada, 'two'))
  const seen = [ada.editor.getText({ blockSeparator: '|' })]
  for (const command of [moveBlock(-1), duplicateBlock(), deleteBlock()]) {
    command(ada.editor.state, ada.editor.view.dispatch)
    seen.push(ada.editor.getText({ blockSeparator: '|' }))
  }
  expect(seen).toEqual(['one|two', 'two|one', 'two|two|one', 'two|one'])
  for (const before of seen.slice(0, -1).reverse()) {
    ada.editor.commands.undo()
    expect(ada.editor.getText({ blockSeparator: '|' })).toBe(before)
  }
  ada.leave()
})

function meet(one: Writer, other: Writer): void {
  other.take(Y.encodeStateAsUpdate(one.doc))
  one.take(Y.encodeStateAsUpdate(other.doc))
}

function placeOf(writer: Writer, word: string): number {
  let found = -1
  writer.editor.state.doc.descendants((node, pos) => {
    if (node.text?.startsWith(word)) found = pos
  })
  return found
}
