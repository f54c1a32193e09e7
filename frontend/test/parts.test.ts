// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from 'vitest'
import { whenAskedFor, whenFetched } from '../src/editor/parts'
import { PasteRules } from '../src/editor/paste'
import { t } from '../src/strings'
import { writer } from './writer'

const gone = () => {
  throw new TypeError('Failed to fetch dynamically imported module')
}
vi.mock('../src/editor/paste/foreign', () => gone())
vi.mock('../src/editor/paste/markdown', () => gone())

vi.stubGlobal('ClipboardEvent', Event) // jsdom has none

const said = () => document.querySelector('.notice p')?.textContent

afterEach(() => {
  document.body.replaceChildren()
})

describe('without a network', () => {
  it('tells whoever asked for a part that is not here', async () => {
    whenAskedFor(Promise.reject(new TypeError('no network')), () => {})
    await vi.waitFor(() => expect(said()).toBe(t('error.network')))
  })

  it('waits for the network with what nobody asked for, unless it is not wanted any more', async () => {
    const fetch = vi.fn().mockRejectedValueOnce(new TypeError('no network')).mockResolvedValue('part')
    const used: string[] = []
    const ending = new AbortController()
    whenFetched(fetch, (part: string) => used.push(part), ending.signal)
    await vi.waitFor(() => {
      window.dispatchEvent(new Event('online'))
      expect(used).toEqual(['part'])
    })
    expect(said()).toBeUndefined()
    whenFetched(fetch, (part: string) => used.push(part), ending.signal)
    ending.abort()
    await fetch.mock.results.at(-1)?.value
    expect(used).toEqual(['part'])
  })

  it.each([
    ['a page', { 'text/html': '<h1>Title</h1>', 'text/plain': 'Title' }],
    ['Markdown', { 'text/html': '', 'text/plain': '# Title\n\n- [x] done' }],
  ])('pastes the words of %s at least', async (_name, kinds) => {
    const editor = writer('', [PasteRules])
    const data = new Map(Object.entries(kinds))
    const clipboardData = { types: [...data.keys()], files: [], getData: (kind: string) => data.get(kind) ?? '' }
    const event = Object.assign(new Event('paste', { bubbles: true, cancelable: true }), { clipboardData })
    editor.view.dom.dispatchEvent(event)
    await vi.waitFor(() => expect(said()).toBe(t('paste.failed')))
    expect(editor.getText()).toContain('Title')
    editor.destroy()
  })
})
