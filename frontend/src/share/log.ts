/** Who changed whose access, and when: the audit log of the document, for its owners, read when it is unfolded. */
import { ApiError } from '../api'
import { ROLES, type Role } from '../collab/wire'
import { h } from '../dom'
import { t } from '../strings'
import { ago, exactly } from '../times'
import type { LogEntry, ShareRequests } from './shares'
import { say } from './words'

export class LogSection {
  readonly element: HTMLDetailsElement
  private readonly list = h('ol', { class: 'share-log' })
  private readonly problem = h('p', { class: 'problem', role: 'alert', hidden: true })
  private readonly more: HTMLButtonElement
  private next = ''

  constructor(private readonly requests: ShareRequests) {
    this.more = h('button', { type: 'button', class: 'button quiet', hidden: true }, say('share.log.more'))
    this.more.addEventListener('click', () => void this.read())
    this.element = h('details', { class: 'share-past', 'data-testid': 'share-log' })
    this.element.append(h('summary', {}, say('share.log')), this.list, this.problem, this.more)
    this.element.addEventListener('toggle', () => this.element.open && void this.again())
  }

  /** From the newest on: something may have changed. */
  async again(): Promise<void> {
    if (!this.element.open) return
    this.next = ''
    await this.read()
  }

  private async read(): Promise<void> {
    const after = this.next
    try {
      const { entries, next } = await this.requests.log(after)
      if (after === '') this.list.replaceChildren()
      this.list.append(...entries.map(lineOf))
      this.next = next
      this.more.hidden = next === ''
      this.problem.hidden = true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.problem.textContent = error.detail
      this.problem.hidden = false
    }
  }
}

function lineOf({ actor, words, subject, before, after, at, address }: LogEntry): HTMLLIElement {
  const moment = new Date(at)
  const who = actor?.name ?? say('share.log.operator')
  const change = [before, after].filter((word) => word !== '').map(roleName)
  const what = [subject?.name, change.join(' → ')].filter(Boolean)
  const time = h('time', { datetime: at, title: exactly(moment) }, ago(moment, new Date()))
  return h(
    'li',
    {},
    h('p', { dir: 'auto' }, h('b', {}, who), ` ${words}${what.length > 0 ? ': ' : ''}${what.join(', ')}`),
    h('small', {}, time, ...(address === null ? [] : [` · ${address}`])),
  )
}

const roleName = (word: string): string => (ROLES.includes(word as Role) ? t(`role.${word as Role}`) : word)
