// @vitest-environment jsdom
import { Editor } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { afterEach, expect, it } from 'vitest'
import { change, FindMatches, foundIn } from '../src/editor/find/plugin'
import { replaceAll, replaceCurrent } from '../src/editor/find/replace'
import { type Query, Search } from '../src/editor/find/search'
import { contentExtensions } from '../src/editor/schema'

const editors: Editor[] = []
afterEach(() => {
  for (const editor of editors.splice(0)) editor.destroy()
})

function edit(content: string): Editor {
  const element = document.createElement('div')
  const editor = new Editor({ element, extensions: [...contentExtensions(), FindMatches], content, injectCSS: false })
  editors.push(editor)
  return editor
}

const query = (text: string, options: Partial<Query> = {}): Query => ({
  text,
  matchCase: false,
  wholeWord: false,
  ...options,
})

function find(editor: Editor, text: string, options: Partial<Query> = {}): string[] {
  const search = new Search(query(text, options))
  editor.view.dispatch(change(editor.state.tr, { type: 'search', search, near: 0 }))
  return wordsOf(editor.state.doc, foundIn(editor.state).matches)
}

const wordsOf = (doc: Node, matches: { from: number; to: number }[]): string[] =>
  matches.map(({ from, to }) => doc.textBetween(from, to, '|', (leaf) => leaf.attrs.label ?? '?'))

it('finds across marks, in cells and code, but not from one block into the next', () => {
  const editor = edit(
    '<p>har<b>bo</b>ur</p><table><tr><td><p>Harbour</p></td></tr></table><pre><code>harbour()</code></pre><p>har</p><p>bour</p>',
  )
  expect(find(editor, 'harbour')).toEqual(['harbour', 'Harbour', 'harbour'])
})

it('keeps to case and whole words when asked, in any script', () => {
  const editor = edit('<p>Quay quay quays ﬁ Ärger ärger Ärgernis E=m*c (quay)</p>')
  expect(find(editor, 'quay')).toHaveLength(4)
  expect(find(editor, 'quay', { matchCase: true })).toHaveLength(3)
  expect(find(editor, 'quay', { wholeWord: true })).toHaveLength(3)
  expect(find(editor, 'ärger', { wholeWord: true })).toEqual(['Ärger', 'ärger'])
  expect(find(editor, 'm*c')).toEqual(['m*c'])
  expect(find(editor, '(quay)')).toEqual(['(quay)'])
  expect(find(editor, '')).toEqual([])
})

it('takes letters that grow when their case changes for what they are', () => {
  const editor = edit('<p>İİİ here</p>')
  expect(find(editor, 'HERE')).toEqual(['here'])
})

it('finds typed quotes and spaces where the text has better ones', () => {
  const editor = edit('<p>It’s “so” 10\u00a0km</p>')
  expect(find(editor, "it's")).toEqual(['It’s'])
  expect(find(editor, '"so"')).toEqual(['“so”'])
  expect(find(editor, '10 km')).toEqual(['10\u00a0km'])
})

it('finds a name in a mention and leaves it when replacing', () => {
  const editor = edit('<p>Ask <span data-mention="7" data-label="Bob">@Bob</span> or Bob</p>')
  expect(find(editor, 'bob')).toHaveLength(2)
  expect(replaceAll(editor.view, 'Carol')).toBe(1)
  expect(editor.getText()).toBe('Ask @Bob or Carol')
})

it('replaces all at once and keeps the marks around', () => {
  const editor = edit('<p>a <b>cat</b> and a c<i>at</i></p><p>cat</p>')
  find(editor, 'cat')
  expect(replaceAll(editor.view, 'dog')).toBe(3)
  expect(editor.getText()).toBe('a dog and a dog\n\ndog')
  expect(editor.getHTML()).toContain('<strong>dog</strong>')
})

it('goes on behind what it has put in, also where that is found again', () => {
  const editor = edit('<p>a a a</p>')
  find(editor, 'a')
  for (const wanted of ['aa a a', 'aa aa a', 'aa aa aa']) {
    expect(replaceCurrent(editor.view, 'aa')).toBe(1)
    expect(editor.getText()).toBe(wanted)
  }
})

it('moves matches with the text at once, and finds new ones with the next frame', async () => {
  const editor = edit('<p>one two</p><p>two</p>')
  find(editor, 'two')
  editor.view.dispatch(editor.state.tr.insertText('two ', 1))
  expect(wordsOf(editor.state.doc, foundIn(editor.state).matches)).toEqual(['two', 'two'])
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  expect(wordsOf(editor.state.doc, foundIn(editor.state).matches)).toEqual(['two', 'two', 'two'])
  expect(foundIn(editor.state).current).toBe(1) // the same one as before
})

it('paints only what can be near the screen, and counts all', () => {
  const editor = edit(`<p>${'a '.repeat(3000)}</p>`)
  find(editor, 'a')
  expect(foundIn(editor.state).matches).toHaveLength(3000)
  expect(editor.view.dom.querySelectorAll('.match').length).toBeLessThanOrEqual(600)
})

it('replaces nothing for a reader', () => {
  const editor = edit('<p>cat</p>')
  find(editor, 'cat')
  editor.setEditable(false)
  expect(replaceAll(editor.view, 'dog')).toBe(0)
  expect(editor.getText()).toBe('cat')
})
