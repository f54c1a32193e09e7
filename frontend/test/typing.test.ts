// @vitest-environment jsdom
import type { Editor } from '@tiptap/core'
import { afterEach, expect, it } from 'vitest'
import { LinkTyping } from '../src/editor/link'
import { TypingRules } from '../src/editor/typing'
import { press, shape, type, writer } from './writer'

let editor: Editor
const typed = (text: string, content = '') => {
  editor = writer(content, [LinkTyping, TypingRules])
  type(editor, text)
  return editor
}
const marks = () => {
  const found: [string, string, unknown][] = []
  editor.state.doc.descendants((node) => {
    for (const mark of node.marks) found.push([node.text ?? '', mark.type.name, mark.attrs.href ?? mark.attrs.color])
  })
  return found
}

afterEach(() => editor.destroy())

it.each([
  ['# a', ['heading:a']],
  ['## a', ['heading:a']],
  ['### a', ['heading:a']],
  ['#### a', ['heading:a']],
  ['- a\nb', ['bulletList>listItem>paragraph:a', 'bulletList>listItem>paragraph:b']],
  ['* a', ['bulletList>listItem>paragraph:a']],
  ['1. a', ['orderedList>listItem>paragraph:a']],
  ['[ ] a', ['taskList>taskItem>paragraph:a']],
  ['[] a', ['taskList>taskItem>paragraph:a']],
  ['[x] a', ['taskList>taskItem>paragraph:a']],
  ['- [ ] a', ['taskList>taskItem>paragraph:a']],
  ['> a', ['blockquote>paragraph:a']],
  ['``` a', ['codeBlock:a']],
  ['```js a', ['codeBlock:a']],
  ['---', ['horizontalRule:', 'paragraph:']],
])('%j makes a block of a line', (text, blocks) => {
  expect(shape(typed(text))).toEqual(blocks)
})

it('knows the level of a heading and the box that is ticked', () => {
  expect(typed('#### a').state.doc.firstChild?.attrs.level).toBe(4)
  editor.destroy()
  expect(typed('- [x] a').state.doc.firstChild?.firstChild?.attrs.checked).toBe(true)
})

it.each([
  ['**a**', 'bold', undefined],
  ['__a__', 'bold', undefined],
  ['*a*', 'italic', undefined],
  ['_a_', 'italic', undefined],
  ['~~a~~', 'strike', undefined],
  ['`a`', 'code', undefined],
  ['==a==', 'highlight', 'yellow'],
])('%j makes marked words', (text, name, value) => {
  typed(`${text} b`)
  expect(marks()).toEqual([['a', name, value]])
  expect(editor.getText()).toBe('a b')
})

it('links an address when a space follows it, without the stop behind it', () => {
  typed('see https://example.org/a_(b), and www.example.net. ')
  expect(marks()).toEqual([
    ['https://example.org/a_(b)', 'link', 'https://example.org/a_(b)'],
    ['www.example.net', 'link', 'https://www.example.net'],
  ])
  expect(editor.getText()).toBe('see https://example.org/a_(b), and www.example.net. ')
})

it('links an address when the line ends', () => {
  typed('https://example.org\nb')
  expect(marks()).toEqual([['https://example.org', 'link', 'https://example.org']])
  expect(shape(editor)).toEqual(['paragraph:https://example.org', 'paragraph:b'])
})

it('leaves words, code and lone schemes alone', () => {
  typed('readme.md http:// https://x javascript:alert(1) `https://example.org ')
  expect(marks()).toEqual([['https://x', 'link', 'https://x']])
  editor.destroy()
  typed('``` https://example.org ')
  expect(marks()).toEqual([])
})

it('takes the link away again with one Backspace', () => {
  typed('https://example.org ')
  press(editor, 'Backspace')
  expect(marks()).toEqual([])
  expect(editor.getText()).toBe('https://example.org ')
})

it('does not link what comes from elsewhere', () => {
  editor = writer('', [LinkTyping, TypingRules])
  editor.view.dispatch(editor.state.tr.insertText('https://example.org ==a== ', 1))
  expect(marks()).toEqual([])
})
