// @vitest-environment jsdom
import type { Editor } from '@tiptap/core'
import { afterEach, expect, it } from 'vitest'
import { type BlockChoice, blockAt, blockChoices, blockTable } from '../src/editor/blocks-menu'
import { helpGroups } from '../src/editor/help-sheet'
import { filterChoices } from '../src/editor/slash'
import { insertNew } from '../src/editor/toolbar/menus'
import type { Page } from '../src/page'
import { press, shape, writer } from './writer'

const page = {} as Page
let editor: Editor
const choice = (key: string): BlockChoice => {
  const found = blockTable().find((each) => each.key === key)
  if (!found) throw new Error(`no choice ${key}`)
  return found
}
/** The words in a paragraph, with the caret behind them; `key` chosen. */
const turned = (key: string, content = '<p>a</p>') => {
  editor = writer(content)
  editor.commands.focus('end')
  expect(choice(key).run(editor.chain()).run()).toBe(true)
  editor.state.doc.check()
  return shape(editor)
}

afterEach(() => editor?.destroy())

it.each([
  ['heading1', ['heading:a']],
  ['bulletList', ['bulletList>listItem>paragraph:a']],
  ['orderedList', ['orderedList>listItem>paragraph:a']],
  ['taskList', ['taskList>taskItem>paragraph:a']],
  ['blockquote', ['blockquote>paragraph:a']],
  ['codeBlock', ['codeBlock:a']],
  ['callout', ['callout>paragraph:a']],
  ['details', ['details>detailsSummary:a', 'details>detailsContent>paragraph:']],
])('turns a line into %s, and again changes nothing', (key, blocks) => {
  expect(turned(key)).toEqual(blocks)
  expect(blockAt(editor.state)).toBe(key)
  choice(key).run(editor.chain()).run()
  expect(shape(editor)).toEqual(blocks)
})

it('turns everything back into plain text', () => {
  for (const key of ['heading2', 'bulletList', 'taskList', 'blockquote', 'codeBlock', 'callout']) {
    turned(key)
    choice('text').run(editor.chain()).run()
    expect([key, ...shape(editor)]).toEqual([key, 'paragraph:a'])
    editor.destroy()
  }
})

it('turns any block into any other, and the document stays valid', () => {
  const turns = blockTable().filter(({ kind }) => kind === 'turn')
  editor = writer()
  for (const from of turns) {
    for (const to of turns) {
      editor.chain().setContent('<p>a</p>').setTextSelection(2).run()
      from.run(editor.chain()).run()
      to.run(editor.chain()).run()
      editor.state.doc.check()
      expect([from.key, to.key, editor.getText().trim()]).toEqual([from.key, to.key, 'a'])
    }
  }
}, 30_000)

it('inserts after the block, never in the middle of words', () => {
  for (const key of ['table', 'blockMath', 'callout', 'codeBlock', 'details']) {
    editor = writer('<p>ab</p>')
    editor.commands.setTextSelection(2)
    expect(insertNew(editor.chain(), choice(key)).run()).toBe(true)
    editor.state.doc.check()
    expect(shape(editor)[0]).toBe('paragraph:ab')
    expect(JSON.stringify(editor.getJSON())).toContain(`"${key}"`)
    editor.destroy()
  }
})

it('offers no table in a table, and no image while nobody can take one', () => {
  editor = writer('<table><tr><td>a</td></tr></table>')
  editor.commands.setTextSelection(4)
  const keys = blockChoices(editor, page).map(({ key }) => key)
  expect(keys).not.toContain('table')
  expect(keys).not.toContain('image')
  expect(keys).toContain('callout')
})

it('adds a row with Tab in the last cell', () => {
  editor = writer('<table><tr><td>a</td><td>b</td></tr></table>')
  editor.commands.setTextSelection(9)
  press(editor, 'Tab')
  expect(editor.state.doc.firstChild?.childCount).toBe(2)
})

it('finds blocks by name, by other words and by what one types', () => {
  const all = blockTable()
  const first = (query: string) => filterChoices(all, query)[0]?.key
  expect(first('h2')).toBe('heading2')
  expect(first('heading 3')).toBe('heading3')
  expect(first('TODO')).toBe('taskList')
  expect(first('tab')).toBe('table')
  expect(first('###')).toBe('heading3')
  expect(first('list')).toBe('bulletList')
  expect(first('équation')).toBe('blockMath')
  expect(filterChoices(all, '')).toEqual(all)
  expect(filterChoices(all, 'nothing like it')).toEqual([])
  expect(filterChoices(all, ' or')).toEqual([])
})

it('has a name, other words and a picture for every block', () => {
  for (const { key, name, words } of blockTable()) {
    expect([key, name.startsWith('block.'), words.startsWith('block.')]).toEqual([key, false, false])
  }
})

it('says every shortcut once in a group of the help sheet', () => {
  for (const { title, rows } of helpGroups()) {
    expect(rows.every(([what, keys]) => what !== '' && keys !== '')).toBe(true)
    const keys = rows.map((row) => row.join())
    expect([title, new Set(keys).size]).toEqual([title, keys.length])
  }
})
