// @vitest-environment jsdom
import type { Editor } from '@tiptap/core'
import type { Command } from '@tiptap/pm/state'
import { afterEach, expect, it } from 'vitest'
import { Callout } from '../src/editor/blocks/callout'
import {
  addBlockBelow,
  blockOf,
  deleteBlock,
  duplicateBlock,
  moveBlock,
  moveBlockTo,
} from '../src/editor/blocks/commands'
import { Toggle } from '../src/editor/blocks/toggle'
import { CodeBlock } from '../src/editor/code/view'
import { press, shape, type, writer } from './writer'

const LIST = '<ul><li><p>one</p></li><li><p>two</p><ul><li><p>deep</p></li></ul></li><li><p>three</p></li></ul>'
let editor: Editor

afterEach(() => editor?.destroy())

/** An editor with the caret in the text `at`. */
function at(text: string, html: string): Editor {
  editor = writer(html)
  return caret(text)
}

function caret(text: string): Editor {
  let found = -1
  editor.state.doc.descendants((node, pos) => {
    if (node.isText && node.text === text) found = pos
  })
  editor.commands.setTextSelection(found + 1)
  return editor
}

/** Runs the command; the document must be valid after it, and the caret in the same words. */
function run(command: Command): boolean {
  const before = editor.state.selection.$from.parent.textContent
  const done = command(editor.state, (transaction) => {
    expect(transaction.doc.check()).toBeUndefined()
    editor.view.dispatch(transaction)
  })
  if (done && command.name !== 'gone') expect(editor.state.selection.$from.parent.textContent).toBe(before)
  return done
}

it('moves a block over its neighbour, and nowhere at the edge', () => {
  at('one', '<p>one</p><h1>two</h1>')
  expect(run(moveBlock(-1))).toBe(false)
  expect(run(moveBlock(1))).toBe(true)
  expect(shape(editor)).toEqual(['heading:two', 'paragraph:one'])
  expect(run(moveBlock(1))).toBe(false)
  expect(run(moveBlock(-1))).toBe(true)
  expect(shape(editor)).toEqual(['paragraph:one', 'heading:two'])
})

it('moves in one transaction', () => {
  at('two', '<p>one</p><p>two</p>')
  let transactions = 0
  moveBlock(-1)(editor.state, () => {
    transactions += 1
  })
  expect(transactions).toBe(1)
})

it('moves an item with what hangs under it', () => {
  at('two', LIST)
  run(moveBlock(-1))
  expect(shape(editor)).toEqual([
    'bulletList>listItem>paragraph:two',
    'bulletList>listItem>bulletList>listItem>paragraph:deep',
    'bulletList>listItem>paragraph:one',
    'bulletList>listItem>paragraph:three',
  ])
})

it('takes the first item out of its list, and back into it', () => {
  at('one', `<p>above</p>${LIST}`)
  run(moveBlock(-1))
  expect(shape(editor).slice(0, 3)).toEqual([
    'paragraph:above',
    'bulletList>listItem>paragraph:one',
    'bulletList>listItem>paragraph:two',
  ])
  expect(editor.state.doc.childCount).toBe(3)
  run(moveBlock(-1))
  expect(shape(editor).slice(0, 2)).toEqual(['bulletList>listItem>paragraph:one', 'paragraph:above'])
  run(moveBlock(1))
  expect(editor.state.doc.childCount).toBe(2) // one list again
  expect(shape(editor)[1]).toBe('bulletList>listItem>paragraph:one')
})

it('takes the only nested item out, and leaves no empty list', () => {
  at('deep', LIST)
  run(moveBlock(-1))
  expect(shape(editor)).toEqual([
    'bulletList>listItem>paragraph:one',
    'bulletList>listItem>paragraph:deep',
    'bulletList>listItem>paragraph:two',
    'bulletList>listItem>paragraph:three',
  ])
})

it('leaves a line in a toggle whose only block was taken out', () => {
  at('in', '<p>above</p><details><summary>s</summary><div data-type="detailsContent"><p>in</p></div></details>')
  run(moveBlock(-1))
  expect(shape(editor)).toEqual([
    'paragraph:above',
    'paragraph:in',
    'details>detailsSummary:s',
    'details>detailsContent>paragraph:',
  ])
})

it('moves quotes, callouts and tables whole', () => {
  at('q', '<p>above</p><blockquote><p>q</p></blockquote>')
  run(moveBlock(-1))
  expect(shape(editor)).toEqual(['blockquote>paragraph:q', 'paragraph:above'])
  editor.destroy()
  at('x', '<p>above</p><table><tr><td><p>x</p></td></tr></table>')
  run(moveBlock(-1))
  expect(editor.state.doc.firstChild?.type.name).toBe('table')
})

it('drops a paragraph into a list as an item, and a heading only beside it', () => {
  at('one', '<p>one</p><ul><li><p>two</p></li></ul><h1>three</h1>')
  const end = editor.state.doc.content.size
  const heading = end - (editor.state.doc.lastChild?.nodeSize ?? 0)
  expect(run(moveBlockTo(heading, 6))).toBe(false)
  expect(run(moveBlockTo(0, 6))).toBe(true)
  expect(shape(editor)).toEqual([
    'bulletList>listItem>paragraph:one',
    'bulletList>listItem>paragraph:two',
    'heading:three',
  ])
})

it('does not move a block into itself', () => {
  at('one', LIST)
  const { pos, node } = blockOf(editor.state) ?? { pos: 0, node: editor.state.doc }
  expect(run(moveBlockTo(pos, pos + 2))).toBe(false)
  expect(run(moveBlockTo(pos, pos + node.nodeSize))).toBe(false)
})

it('duplicates a block with the caret in the copy', () => {
  at('two', LIST)
  run(duplicateBlock())
  expect(shape(editor).filter((line) => line.endsWith(':deep'))).toHaveLength(2)
  expect(editor.state.selection.from).toBeGreaterThan(editor.state.doc.content.size / 2)
})

it('deletes a block, and the list with its last item; a document keeps a line', () => {
  at('one', '<ul><li><p>one</p></li></ul><p>two</p>')
  deleteBlock()(editor.state, editor.view.dispatch)
  expect(shape(editor)).toEqual(['paragraph:two'])
  deleteBlock()(editor.state, editor.view.dispatch)
  expect(shape(editor)).toEqual(['paragraph:'])
})

it('adds a line below a block, an item in a list', () => {
  at('one', '<h1>one</h1>')
  addBlockBelow()(editor.state, editor.view.dispatch)
  expect(shape(editor)).toEqual(['heading:one', 'paragraph:'])
  editor.destroy()
  at('one', LIST)
  addBlockBelow()(editor.state, editor.view.dispatch)
  expect(shape(editor)[1]).toBe('bulletList>listItem>paragraph:')
})

it('leaves a callout by Backspace at its start, and by Enter on an empty last line', () => {
  editor = writer('<aside data-callout="tip"><p>one</p></aside>', [Callout])
  editor.commands.setTextSelection(2)
  press(editor, 'Backspace')
  expect(shape(editor)).toEqual(['paragraph:one'])
  editor.destroy()
  editor = writer('<aside data-callout="tip"><p>one</p></aside>', [Callout])
  editor.commands.setTextSelection(5)
  type(editor, '\n\nout')
  expect(shape(editor)).toEqual(['callout>paragraph:one', 'paragraph:out'])
})

it('keeps the indentation of code on Enter, and leaves on the third', () => {
  editor = writer('<pre><code>  a</code></pre>', [CodeBlock])
  editor.commands.setTextSelection(4)
  type(editor, '\nb')
  expect(shape(editor)).toEqual(['codeBlock:  a\n  b'])
  press(editor, 'Tab')
  expect(shape(editor)).toEqual(['codeBlock:  a\n  b  '])
})

it('goes on in the content of a toggle', () => {
  editor = writer('<details><summary>s</summary><div data-type="detailsContent"><p>in</p></div></details>', [Toggle])
  editor.commands.setTextSelection(3)
  type(editor, '\nnew')
  expect(shape(editor)).toEqual([
    'details>detailsSummary:s',
    'details>detailsContent>paragraph:new',
    'details>detailsContent>paragraph:in',
  ])
})
