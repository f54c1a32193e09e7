/** One notice: what happened, when, and the answer that it waits for. */
import { ApiError } from '../api'
import { h } from '../dom'
import { speaking } from '../strings'
import { inboxWords } from '../strings/inbox'
import { ago, exactly } from '../times'
import type { InboxRequests, Lesser, Notice } from './requests'

const t = speaking(inboxWords)
const LESSER: Lesser[] = ['viewer', 'commenter', 'editor']

export interface LineOptions {
  requests: InboxRequests
  /** So many are unread, now that this one is read. */
  onRead(unread: number): void
  /** The page that this notice leads to is the one that is open. */
  close(): void
}

export function lineOf(notice: Notice, { requests, onRead, close }: LineOptions): HTMLLIElement {
  const moment = new Date(notice.made_at)
  const time = h('time', { datetime: notice.made_at, title: exactly(moment) }, ago(moment, new Date()))
  const mark = h('span', { class: 'inbox-mark' }, h('span', { class: 'unseen' }, t('inbox.unread')))
  const body = h('div', { class: 'inbox-words' }, sentence(notice), time)
  const line = h('li', { class: 'inbox-line', 'data-testid': 'notice' }, mark, body)
  line.dataset.kind = notice.kind
  line.classList.toggle('unread', !notice.read)
  mark.hidden = notice.read

  const read = async () => {
    if (!line.classList.contains('unread')) return
    line.classList.remove('unread')
    mark.hidden = true
    const answer = await requests.mark([notice.id]).catch(() => null) // it shows as unread again the next time
    if (answer !== null) onRead(answer.unread)
  }
  body.addEventListener('click', (event) => {
    const link = event.target instanceof Element && event.target.closest<HTMLAnchorElement>('a')
    if (!link) return
    void read()
    if (link.pathname !== location.pathname) return
    event.preventDefault()
    close()
  })
  const acts = actsOf(notice, requests, (said) => {
    line.dataset.answered = 'true'
    const words = h('p', { class: 'inbox-answer', tabindex: '-1', role: 'status' }, said)
    acts?.replaceWith(words)
    words.focus({ preventScroll: true })
    void read()
  })
  if (notice.request?.words) body.append(h('q', { class: 'inbox-quote', dir: 'auto' }, notice.request.words))
  if (acts !== null) body.append(acts)
  return line
}

/** The sentence as a link to its document, whose title stands out. */
function sentence({ sentence, title, url }: Notice): HTMLElement {
  const at = title === '' ? -1 : sentence.indexOf(title)
  const parts: (Node | string)[] =
    at < 0 ? [sentence] : [sentence.slice(0, at), h('b', { dir: 'auto' }, title), sentence.slice(at + title.length)]
  return url === null ? h('p', {}, ...parts) : h('a', { class: 'inbox-link', href: url }, ...parts)
}

/** The buttons of a notice that waits for an answer; `done` is told what was done, in words. */
function actsOf(notice: Notice, requests: InboxRequests, done: (said: string) => void): HTMLElement | null {
  const problem = h('p', { class: 'problem', role: 'alert' })
  const acts = h('div', { class: 'inbox-acts' })
  const button = (label: string, look: string, act: () => Promise<unknown>, said: string) =>
    h('button', { type: 'button', class: `button ${look}`, onclick: () => void attempt(act, said) }, label)
  const attempt = async (act: () => Promise<unknown>, said: string) => {
    if (acts.inert) return
    acts.inert = true
    try {
      await act()
      done(said)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      problem.textContent = error.detail
    } finally {
      acts.inert = false
    }
  }
  const name = notice.actor
  if (notice.request !== null) {
    const wanted = notice.request.role
    const group = h('span', { class: 'inbox-roles', role: 'group', 'aria-label': t('inbox.give') })
    for (const role of LESSER) {
      const label = t(`inbox.${role}`)
      const give = () => requests.answer(notice, role)
      group.append(button(label, role === wanted ? 'main' : '', give, t('inbox.given', { name, role: label })))
    }
    const no = button(t('inbox.decline'), 'quiet', () => requests.answer(notice, null), t('inbox.declined', { name }))
    acts.append(h('span', { class: 'inbox-give', 'aria-hidden': 'true' }, t('inbox.give')), group, no)
  } else if (notice.offer) {
    acts.append(
      button(t('inbox.accept'), 'main', () => requests.accept(notice), t('inbox.accepted', { name })),
      button(t('inbox.decline'), 'quiet', () => requests.refuse(notice), t('inbox.refused', { name })),
    )
  } else return null
  acts.append(problem)
  return acts
}
