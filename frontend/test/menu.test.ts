// @vitest-environment jsdom
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { h } from '../src/dom'
import { mountMenu } from '../src/menu'

let chosen: string[]
let menu: HTMLElement

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
  HTMLElement.prototype.checkVisibility ??= () => true
  chosen = []
  menu = h('div', { role: 'menu' }, ...['Plain text', 'Go', 'Go home'].map(item))
  const button = h('button')
  document.body.replaceChildren(button, menu)
  mountMenu(button, menu)
  menu.querySelector('button')?.focus()
})

afterEach(() => {
  vi.useRealTimers()
})

function item(name: string): HTMLElement {
  return h('button', { role: 'menuitem', onclick: () => void chosen.push(name) }, name)
}

function type(keys: string): void {
  for (const key of keys) document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
}

it('finds a name of two words as it is typed', () => {
  type('go h')
  expect(document.activeElement?.textContent).toBe('Go home')
  expect(chosen).toEqual([])
})

it('chooses with the space bar when nothing is being typed', () => {
  type('go')
  vi.advanceTimersByTime(1000)
  type(' ')
  expect(chosen).toEqual(['Go'])
})

it('begins a name anew after any other key', () => {
  type('go')
  for (const key of ['ArrowDown', 'p']) {
    document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
  }
  expect(document.activeElement?.textContent).toBe('Plain text')
})
