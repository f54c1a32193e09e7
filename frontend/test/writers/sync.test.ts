// @vitest-environment jsdom
import { TableMap } from '@tiptap/pm/tables'
import { yUndoPluginKey } from '@tiptap/y-tiptap'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as Y from 'yjs'
import { MAX_DEPTH } from '../../src/editor/sync/read'
import { Company, tables, Writer } from './company'

const present: Writer[] = []

function writer(name: string, options: ConstructorParameters<typeof Writer>[2] = {}): Writer {
  present.push(new Writer(name, present.length + 1, options))
  return present.at(-1) as Writer
}

/** Ada and Bob with the same document before them. */
function pair(content: string): [Writer, Writer, Company] {
  const ada = writer('ada')
  const bob = writer('bob')
  const company = new Company([ada, bob])
  ada.editor.commands.setContent(content)
  company.settle()
  return [ada, bob, company]
}

afterEach(() => {
  for (const each of present.splice(0)) each.leave()
})

function element(
  name: string,
  attrs: Record<string, unknown> = {},
  ...children: (Y.XmlElement | string)[]
): Y.XmlElement {
  const made = new Y.XmlElement(name)
  for (const [key, value] of Object.entries(attrs)) made.setAttribute(key, value as string)
  made.insert(
    0,
    children.map((child) => (typeof child === 'string' ? new Y.XmlText(child) : child)),
  )
  return made
}

/** A state that some program wrote. */
function written(...blocks: Y.XmlElement[]): Uint8Array {
  const doc = new Y.Doc()
  doc.getXmlFragment('default').insert(0, blocks)
  return Y.encodeStateAsUpdate(doc)
}

const text = ({ editor }: Writer) => editor.state.doc.textBetween(0, editor.state.doc.content.size, '\n')

const FOREIGN: Record<string, () => Y.XmlElement> = {
  'an unknown node': () => element('kanban', { lanes: 3 }, element('paragraph', {}, 'inside')),
  'a level that is none': () => element('heading', { level: 99 }, 'inside'),
  'a level that is a word': () => element('heading', { level: 'x' }, 'inside'),
  'an unknown attribute': () => element('paragraph', { blink: 'fast' }, 'inside'),
  'text in a table': () => element('table', {}, 'inside'),
  'a paragraph in a row': () => element('table', {}, element('tableRow', {}, element('paragraph', {}, 'inside'))),
  'a list item in a quote': () =>
    element('blockquote', {}, element('listItem', {}, element('paragraph', {}, 'inside'))),
  'a document in a document': () => element('doc', {}, element('paragraph', {}, 'inside')),
  'a span that is none': () =>
    element(
      'table',
      {},
      element('tableRow', {}, element('tableCell', { colspan: -1 }, element('paragraph', {}, 'inside'))),
    ),
  'an image that runs a script': () =>
    element(
      'callout',
      { kind: 'tip' },
      element('image', { src: 'javascript:alert(1)' }),
      element('paragraph', {}, 'inside'),
    ),
}

describe.each(Object.entries(FOREIGN))('a document with %s', (_name, foreign) => {
  const state = written(element('paragraph', {}, 'before'), foreign(), element('paragraph', {}, 'after'))

  it('shows what can be shown and locks', () => {
    const ada = writer('ada', { state })
    expect(ada.foreign).not.toBeNull()
    for (const word of ['before', 'inside', 'after']) expect(text(ada)).toContain(word)
    ada.editor.state.doc.check()
  })

  it('is not written to, by no way', () => {
    const ada = writer('ada', { state })
    ada.editor.commands.insertContentAt(1, 'mine')
    ada.editor.commands.selectAll()
    ada.editor.commands.deleteSelection()
    ada.editor.commands.undo()
    expect(text(ada)).toContain('inside')
    expect(text(ada)).not.toContain('mine')
    expect(ada.writes).toBe(0)
  })

  it('comes while a page is open, and goes', () => {
    const ada = writer('ada', { state: written(element('paragraph', {}, 'mine')) })
    const other = new Y.Doc()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(ada.doc))
    other.getXmlFragment('default').insert(1, [foreign()])
    ada.take(Y.encodeStateAsUpdate(other))
    expect(ada.foreign).not.toBeNull()
    other.getXmlFragment('default').delete(1, 1)
    ada.take(Y.encodeStateAsUpdate(other))
    expect(ada.foreign).toBeNull()
    expect(ada.writes).toBe(0)
    ada.editor.commands.insertContentAt(1, 'still ')
    expect(ada.doc.getXmlFragment('default').toString()).toBe('<paragraph>still mine</paragraph>')
  })
})

it('shows and locks a document that holds values where nodes belong', () => {
  const doc = new Y.Doc()
  const fragment = doc.getXmlFragment('default')
  fragment.insert(0, [element('paragraph', {}, 'before')])
  for (const parent of [fragment, fragment.get(0)]) Y.Array.prototype.insert.call(parent, 0, [1, 'x', { a: null }])
  const ada = writer('ada', { state: Y.encodeStateAsUpdate(doc) })
  ada.editor.commands.selectAll()
  expect(ada.foreign).toEqual({ kind: 'node', name: 'value' })
  fragment.insert(4, [element('paragraph', {}, 'after')])
  ada.take(Y.encodeStateAsUpdate(doc))
  expect(text(ada)).toBe('before\nafter')
  expect(ada.writes).toBe(0)
})

it('does not write what would lock every page', () => {
  const ada = writer('ada', { state: written(element('heading', { level: 2 }, 'mine')) })
  for (const level of [99, Number.NaN, '2']) {
    ada.editor.view.dispatch(ada.editor.state.tr.setNodeAttribute(0, 'level', level))
    expect(ada.editor.state.doc.child(0).attrs.level).toBe(2)
  }
  expect(ada.foreign).toBeNull()
  expect(ada.writes).toBe(0)
})

it.each([
  '<ol start="x"><li>mine</li></ol>',
  '<table><tr><td rowspan="0">mine</td><td>b</td></tr></table>',
  '<table><tr><td colspan="0">mine</td><td>b</td></tr></table>',
  '<table><tr><td colspan="x">mine</td><td>b</td></tr></table>',
  '<table><tr><td colspan="5000">mine</td><td>b</td></tr></table>',
  '<table><tr><td colwidth="x">mine</td><td>b</td></tr></table>',
  '<div data-pm-slice="0 0 []"><table><tr><td rowspan="-1">mine</td><td>b</td></tr></table></div>',
])('pastes %s with values that a document may have', (html) => {
  vi.stubGlobal('ClipboardEvent', Event) // jsdom has none
  const ada = writer('ada')
  ada.editor.view.pasteHTML(html)
  expect(text(ada)).toContain('mine')
  expect(ada.foreign).toBeNull()
  expect(ada.writes).toBeGreaterThan(0)
  ada.check()
})

it('does not show what a browser cannot hold', () => {
  const doc = new Y.Doc()
  let parent = doc.getXmlFragment('default')
  parent.insert(0, [element('paragraph', {}, 'before')])
  for (let level = 0; level < 2000; level++) {
    const inner = new Y.XmlElement('blockquote')
    parent.insert(parent.length, [inner])
    parent = inner
  }
  const ada = writer('ada', { state: Y.encodeStateAsUpdate(doc) })
  expect(ada.foreign).toMatchObject({ kind: 'depth' })
  expect(text(ada)).toContain('before')
  expect(ada.writes).toBe(0)
})

it('lets nobody make a document that is too deep', () => {
  const quotes = MAX_DEPTH - 4
  const ada = writer('ada')
  ada.editor.commands.setContent(`${'<blockquote>'.repeat(quotes)}<p>deep</p>${'</blockquote>'.repeat(quotes)}`)
  for (let level = 0; level < 3; level++) ada.editor.chain().selectAll().wrapIn('blockquote').run()
  const doc = ada.doc.getXmlFragment('default').toString()
  expect(doc.split('<blockquote>').length - 1).toBe(MAX_DEPTH - 3)
  expect(ada.foreign).toBeNull()
  expect(text(ada)).toBe('deep')
})

it('has a reader write nothing, whatever state it sees', () => {
  const state = written(
    element('bulletList'),
    element('details', {}, element('detailsContent')),
    element('table', {}, element('tableRow'), element('tableRow', {}, element('tableCell', {}, element('paragraph')))),
    element('paragraph', {}, 'one', 'two'),
  )
  const eve = writer('eve', { editable: false, state })
  const ada = writer('ada', { state })
  ada.check()
  expect(ada.json).toEqual(eve.json)
  expect(ada.foreign).toBeNull()
  expect([eve.writes, ada.writes]).toEqual([0, 0])
})

it('keeps the list when two people delete an item each, and lets it go when nothing is left', () => {
  const [ada, bob, company] = pair('<ul><li><p>one</p></li><li><p>two</p></li></ul><p>after</p>')
  ada.editor.commands.deleteRange({ from: 1, to: 8 })
  bob.editor.commands.deleteRange({ from: 8, to: 15 })
  company.settle()
  expect(text(ada)).toBe('after')
  expect(ada.json).toEqual(bob.json)
  ada.check()
})

it('fills the row that was added while a column was added', () => {
  const [ada, bob, company] = pair('<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>')
  ada.editor.chain().setTextSelection(4).addColumnAfter().run()
  bob.editor.chain().setTextSelection(4).addRowAfter().run()
  company.settle()
  const width = (each: Writer) => TableMap.get(tables(each.editor.state.doc)[0] as never)
  expect(width(ada)).toMatchObject({ width: 3, height: 3 })
  expect(ada.json).toEqual(bob.json)
  // Both write into the row that was short, beside the cell that nobody made.
  const row = 1 + (width(ada).map[3] as number)
  for (let round = 0; round < 3; round++) {
    ada.editor.commands.insertContentAt(row + 2, 'x')
    bob.editor.commands.insertContentAt(row + 2, 'y')
    company.settle()
  }
  expect(width(bob)).toMatchObject({ width: 3, height: 3 })
  expect(ada.json).toEqual(bob.json)
  ada.check()
})

it('types no letter twice when two people begin the same empty line', () => {
  const [ada, bob, company] = pair('<p></p>')
  for (const word of ['a', 'b', 'c', 'd']) {
    ada.editor.commands.insertContentAt(1, word)
    bob.editor.commands.insertContentAt(bob.editor.state.doc.content.size - 1, word.toUpperCase())
    company.settle()
    expect(ada.json).toEqual(bob.json)
  }
  expect([...text(ada)].sort().join('')).toBe('ABCDabcd')
})

it('has marks that exclude each other, set at once, agree', () => {
  const [ada, bob, company] = pair('<p>word</p>')
  ada.editor.chain().selectAll().toggleBold().run()
  bob.editor.chain().selectAll().toggleCode().run()
  company.settle()
  expect(ada.json).toEqual(bob.json)
  ada.check()
})

it.each([
  ['a heading', '<h2>ADA</h2>'],
  ['a quote', '<blockquote><p>ADA</p></blockquote>'],
  ['a table', '<table><tr><td>ADA</td></tr></table>'],
  ['a list', '<ul><li><p>ADA</p></li></ul>'],
])('undoes %s, but not what somebody else wrote into it', (_name, html) => {
  const [ada, bob, company] = pair('<p>before</p>')
  ada.editor.commands.undo()
  ada.editor.commands.insertContent(html)
  company.settle()
  let at = -1
  bob.editor.state.doc.descendants((node, pos) => {
    if (node.text === 'ADA') at = pos
  })
  bob.editor.commands.insertContentAt(at, 'bob ')
  company.settle()
  for (let times = 0; times < 5; times++) ada.editor.commands.undo()
  company.settle()
  expect(text(ada)).toContain('bob')
  expect(text(ada)).not.toContain('ADA')
  expect(ada.json).toEqual(bob.json)
})

it('replaces in place what somebody else changed, and no more', () => {
  const [ada, bob, company] = pair('<p>one</p><p>two</p><p>three</p>')
  const before = bob.editor.state.doc
  const changed: [number, number][] = []
  bob.editor.on('transaction', ({ transaction }) => {
    for (const map of transaction.mapping.maps) map.forEach((from, to) => void changed.push([from, to]))
  })
  ada.editor.commands.insertContentAt(7, 'x')
  company.settle()
  expect(changed).toEqual([[7, 7]])
  expect(bob.editor.state.doc.child(0)).toBe(before.child(0))
  expect(bob.editor.state.doc.child(2)).toBe(before.child(2))
})

it('replaces each of several places that somebody else changed at once', () => {
  const [ada, bob, company] = pair('<p>one</p><p>two</p><p>three</p>')
  const before = bob.editor.state.doc
  ada.editor.chain().insertContentAt(1, 'x').insertContentAt(13, 'y').run()
  company.settle()
  expect(text(bob)).toBe('xone\ntwo\ntyhree')
  expect(bob.editor.state.doc.child(1)).toBe(before.child(1))
})

describe('the caret', () => {
  const THREE = '<p>one</p><p>two</p><p>three</p>'

  /** Ada writes an x into the first line. */
  function wrote(ada: Writer, company: Company): void {
    yUndoPluginKey.getState(ada.editor.state).undoManager.stopCapturing()
    ada.editor.commands.setTextSelection(2)
    ada.editor.view.dispatch(ada.editor.state.tr.insertText('x'))
    company.settle()
  }

  const places = ({ editor }: Writer) => [editor.state.selection.anchor, editor.state.selection.head]

  it('stays where it was moved to after writing, whatever others do', () => {
    const [ada, bob, company] = pair(THREE)
    wrote(ada, company)
    ada.editor.commands.setTextSelection({ from: 8, to: 9 })
    bob.editor.commands.insertContentAt(bob.editor.state.doc.content.size - 1, 'bob')
    company.settle()
    expect(places(ada)).toEqual([8, 9])
    bob.editor.commands.insertContentAt(7, 'bob')
    company.settle()
    expect(places(ada)).toEqual([11, 12])
  })

  it('stays before what somebody else inserts beside it', () => {
    const [ada, bob, company] = pair(THREE)
    ada.editor.commands.setTextSelection(3)
    bob.editor.commands.insertContentAt(3, 'bob')
    company.settle()
    expect(places(ada)).toEqual([3, 3])
  })

  it('goes to what undo and redo change, and stays where it is moved to from there', () => {
    const [ada, bob, company] = pair(THREE)
    wrote(ada, company)
    ada.editor.commands.setTextSelection(14)
    ada.editor.commands.undo()
    expect(places(ada)).toEqual([2, 2])
    ada.editor.commands.setTextSelection(8)
    company.settle()
    bob.editor.commands.insertContentAt(bob.editor.state.doc.content.size - 1, 'bob')
    company.settle()
    expect(places(ada)).toEqual([8, 8])
    ada.editor.commands.redo()
    expect(text(ada)).toBe('oxne\ntwo\nthreebob')
    expect(places(ada)).toEqual([3, 3])
  })

  it('keeps its selection when undo changes only the looks', () => {
    const [ada, , company] = pair(THREE)
    wrote(ada, company)
    yUndoPluginKey.getState(ada.editor.state).undoManager.stopCapturing()
    ada.editor.chain().setTextSelection({ from: 7, to: 10 }).toggleBold().run()
    ada.editor.commands.undo()
    expect(ada.editor.isActive('bold')).toBe(false)
    expect(places(ada)).toEqual([7, 10])
  })

  it('stays behind a list that two people emptied', () => {
    const [ada, bob, company] = pair('<ul><li><p>one</p></li><li><p>two</p></li></ul><p>after</p><p>last</p>')
    const carol = writer('carol')
    company.writers.push(carol)
    company.settle()
    carol.editor.commands.setTextSelection(19)
    ada.editor.commands.deleteRange({ from: 1, to: 8 })
    bob.editor.commands.deleteRange({ from: 8, to: 15 })
    company.settle()
    expect(text(carol)).toBe('after\nlast')
    expect(places(carol)).toEqual([3, 3])
    bob.editor.commands.insertContentAt(3, 'bob')
    company.settle()
    expect(places(carol)).toEqual([3, 3])
  })
})

const claiming = (colspan: number, rowspan: number) =>
  element('tableRow', {}, element('tableCell', { colspan, rowspan }, element('paragraph', {}, 'inside')))

it.each([
  ['cells that claim a field', () => Array.from({ length: 1000 }, () => claiming(1000, 1000))],
  ['rows that claim a width', () => [claiming(1000, 1), ...Array.from({ length: 100 }, () => claiming(1, 1))]],
])('does not lay out %s: the document is read only', (_name, rows) => {
  const ada = writer('ada', { state: written(element('paragraph', {}, 'before'), element('table', {}, ...rows())) })
  expect(ada.foreign).toEqual({ kind: 'content', name: 'too large' })
  expect(text(ada)).toContain('before')
  expect(tables(ada.editor.state.doc)).toEqual([])
})

it('does not let a table out that would lock every page', () => {
  const ada = writer('ada', { state: written(element('paragraph', {}, 'mine')) })
  const row = `<tr>${'<td colspan="1000"><p></p></td>'.repeat(2)}</tr>`
  ada.editor.commands.insertContent(`<table><tbody>${row.repeat(51)}</tbody></table>`)
  expect(ada.foreign).toBeNull()
  expect(tables(ada.editor.state.doc)).toEqual([])
  expect(text(ada)).toContain('mine')
})

it('makes no table of rows that stand in none: nothing would bound it', () => {
  const ada = writer('ada', { state: written(claiming(1000, 1000), claiming(1, 1)) })
  expect(ada.foreign).toMatchObject({ kind: 'content' })
  expect(text(ada)).toContain('inside')
  expect(tables(ada.editor.state.doc)).toEqual([])
})
