// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api'
import { lineOf } from '../src/inbox/line'
import type { InboxRequests, Notice } from '../src/inbox/requests'
import { aNotice } from './notices'

const onRead = vi.fn()
const requests = {
  read: vi.fn(),
  mark: vi.fn(async () => ({ unread: 4 })),
  markAll: vi.fn(),
  answer: vi.fn(async (): Promise<unknown> => ({})),
  accept: vi.fn(async () => ({})),
  refuse: vi.fn(async () => ({})),
} satisfies Record<keyof InboxRequests, unknown>

beforeEach(() => {
  vi.clearAllMocks()
})

function line(given: Partial<Notice> = {}): HTMLElement {
  const made = lineOf(aNotice(given), { requests: requests as unknown as InboxRequests, onRead, close: vi.fn() })
  document.body.replaceChildren(made)
  return made
}

const press = (made: HTMLElement, label: string): void =>
  [...made.querySelectorAll('button')].find(({ textContent }) => textContent === label)?.click()

it('marks the title, whatever is in it', () => {
  const made = line()
  expect(made.querySelector('a')?.textContent).toBe('Ada shared “<b>Minutes</b>” with you (editor)')
  expect([...made.querySelectorAll('a b')].map(({ textContent }) => textContent)).toEqual(['<b>Minutes</b>'])
})

it('has no link where there is no document, and no mark where it was read', () => {
  const made = line({ url: null, read: true })
  expect(made.querySelector('a')).toBeNull()
  expect(made.querySelector<HTMLElement>('.inbox-mark')?.hidden).toBe(true)
})

it('is read by being opened, once', async () => {
  const made = line()
  made.addEventListener('click', (event) => event.preventDefault())
  made.querySelector('a')?.click()
  made.querySelector('a')?.click()
  await vi.waitFor(() => expect(onRead).toHaveBeenCalledWith(4))
  expect(requests.mark).toHaveBeenCalledExactlyOnceWith([7])
  expect(made.classList.contains('unread')).toBe(false)
})

it('gives the role that was pressed, not the one asked for, and says so', async () => {
  const made = line({ kind: 'requested', request: { id: 3, role: 'editor', words: '' } })
  press(made, 'Viewer')
  await vi.waitFor(() => expect(made.textContent).toContain('You let Ada in. Role: Viewer.'))
  expect(requests.answer).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ id: 7 }), 'viewer')
  expect(made.querySelectorAll('button')).toHaveLength(0)
  expect(requests.mark).toHaveBeenCalledOnce()
})

it('keeps the buttons, and says why, when the answer was not taken', async () => {
  requests.answer.mockRejectedValueOnce(new ApiError(409, 'Bob has answered already.', null))
  const made = line({ kind: 'requested', request: { id: 3, role: 'viewer', words: '' } })
  press(made, 'Decline')
  await vi.waitFor(() => expect(made.querySelector('[role=alert]')?.textContent).toBe('Bob has answered already.'))
  expect(made.querySelectorAll('button')).toHaveLength(4)
  expect(requests.mark).not.toHaveBeenCalled()
})
