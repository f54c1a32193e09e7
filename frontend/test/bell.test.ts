// @vitest-environment jsdom
import { beforeEach, expect, it } from 'vitest'
import { h } from '../src/dom'
import { mountBell } from '../src/inbox/bell'

let button: HTMLButtonElement
let news: HTMLElement

beforeEach(() => {
  button = h('button', { id: 'inbox-open', 'data-unread': '2' }, h('span', { class: 'bell-count' }))
  news = h('span', { id: 'inbox-news' })
  document.body.replaceChildren(button, news)
})

it('shows what the server counted, and is named by it', () => {
  mountBell()
  expect(button.textContent).toBe('2')
  expect(button.getAttribute('aria-label')).toBe('2 unread notices')
})

it('says what is new, and not what was read', () => {
  const bell = mountBell()
  bell.show(3)
  expect([button.textContent, news.textContent]).toEqual(['3', '3 unread notices'])
  bell.show(1)
  expect([button.textContent, news.textContent]).toEqual(['1', ''])
  bell.show(0)
  expect([button.textContent, button.getAttribute('aria-label')]).toEqual(['', 'Notices'])
})

it('has room for two figures', () => {
  mountBell().show(140)
  expect(button.textContent).toBe('99+')
  expect(button.getAttribute('aria-label')).toBe('140 unread notices')
})

it('is silent on a page that has none', () => {
  document.body.replaceChildren()
  expect(() => mountBell().show(3)).not.toThrow()
})
