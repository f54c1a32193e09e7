// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from 'vitest'
import { h } from '../src/dom'
import { mountInbox } from '../src/inbox/inbox'
import { inboxRequests, type Pile } from '../src/inbox/requests'
import { aNotice } from './notices'

const pile: Pile = { notices: [aNotice()], unread: 1, next: '' }
let panel: HTMLElement

/** jsdom has no popovers. */
const opens = () => panel.dispatchEvent(Object.assign(new Event('toggle'), { newState: 'open' }))
const link = () => panel.querySelector<HTMLAnchorElement>('a.inbox-link')

beforeEach(() => {
  const button = h('button', { 'data-unread': '1' })
  document.body.replaceChildren(button)
  mountInbox(button, { show: vi.fn() })
  panel = document.getElementById('inbox') as HTMLElement
})

it('keeps the focus in its line when it is read anew', async () => {
  vi.spyOn(inboxRequests, 'read').mockResolvedValue(pile)
  opens()
  await vi.waitFor(() => expect(link()).not.toBeNull())
  const before = link()

  opens()
  before?.focus()
  await vi.waitFor(() => expect(link()).not.toBe(before))

  expect(document.activeElement).toBe(link())
})
