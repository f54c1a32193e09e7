// @vitest-environment jsdom
import { afterEach, expect, it } from 'vitest'
import { Company, Writer } from './writers/company'

const present: Writer[] = []

afterEach(() => {
  for (const each of present.splice(0)) each.leave()
})

/** Ada, whose caret is before "one", and Bob, with two lines before them. */
function pair(): [Writer, Writer, Company] {
  const [ada, bob] = ['ada', 'bob'].map((name, at) => new Writer(name, at + 1)) as [Writer, Writer]
  present.push(ada, bob)
  document.body.append(ada.editor.view.dom.parentElement as HTMLElement) // or it cannot have the focus
  const company = new Company([ada, bob])
  ada.editor.commands.setContent('<p>one</p><p>two</p>')
  company.settle()
  ada.editor.commands.setTextSelection(1)
  ada.editor.view.focus()
  expect(ada.editor.view.hasFocus()).toBe(true)
  return [ada, bob, company]
}

/** The browser moves the caret behind "two", and has not told of it. */
function moveUntold({ editor }: Writer): void {
  const text = editor.view.dom.lastElementChild?.firstChild as Text
  document.getSelection()?.collapse(text, 3)
}

it('keeps a caret that just moved where it went when somebody else writes', () => {
  const [ada, bob, company] = pair()
  moveUntold(ada)
  expect(ada.editor.state.selection.head).toBe(1) // nobody told
  bob.editor.commands.insertContentAt(1, 'xy')
  company.settle()
  expect(ada.editor.state.selection.head).toBe('_xyone__two'.length)
})

it('leaves a caret alone that did not move', () => {
  const [ada, bob, company] = pair()
  bob.editor.commands.insertContentAt(6, 'xy')
  company.settle()
  expect(ada.editor.state.selection.head).toBe(1)
})
