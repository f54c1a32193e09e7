/** What anybody gets who has the address: the role, until when, with which password, and whether others may ask. */
import { Globe, Lock } from 'lucide'
import { copyText, h, icon } from '../dom'
import { t } from '../strings'
import type { Act } from './add'
import { shortly } from './expiry'
import { LinkOptions } from './link-options'
import { whoElement } from './people'
import type { Link, LinkRole, ShareRequests, Standing } from './shares'
import { say } from './words'

const ROLES: LinkRole[] = [null, 'viewer', 'commenter', 'editor']

export class LinkSection {
  readonly element = h('section', { class: 'share-link', 'aria-label': say('share.link') })
  private readonly head = h('div', { class: 'share-line' })
  private readonly copy = h('button', { type: 'button', class: 'button' }, t('share.copyLink'))
  private readonly options: LinkOptions
  private readonly asks = h('input', { type: 'checkbox', id: 'share-asks', 'aria-describedby': 'share-asks-hint' })
  private readonly asking = h(
    'div',
    { class: 'share-asks' },
    this.asks,
    h('label', { for: 'share-asks' }, say('share.asks')),
    h('small', { id: 'share-asks-hint' }, say('share.asks.hint')),
  )
  private said = ''
  private link: Link | null = null

  constructor(
    private readonly requests: ShareRequests,
    private readonly act: Act,
    private readonly tell: (sentence: string) => void,
  ) {
    this.options = new LinkOptions(requests, act, (link) => {
      this.link = link
    })
    this.copy.addEventListener('click', () => this.copyLink())
    this.asks.addEventListener('change', () => this.admit(this.asks.checked))
  }

  /** `here`: names of those in the document who came by the link. */
  show({ link, manage, asks }: Standing, here: string[]): void {
    this.link = link
    this.asks.checked = asks
    this.options.show(link)
    const said = JSON.stringify([link, manage, here])
    if (said === this.said) return
    this.said = said
    const chosen = this.head.contains(document.activeElement) ? (document.activeElement as HTMLElement).dataset.act : ''
    const open = link.role !== null && link.most !== null
    const state = h('span', { class: open ? 'face link-open' : 'face more' }, icon(open ? Globe : Lock))
    this.head.replaceChildren(state, whoElement(say('share.link'), []), this.roleOf(link, manage), this.copy)
    const details = detailsOf(link, manage, here).map((line) => h('p', { class: 'quiet' }, line))
    const settings = manage && open ? [this.options.button, this.options.element] : []
    this.element.replaceChildren(this.head, ...details, ...settings, ...(manage ? [this.asking] : []))
    if (chosen) this.head.querySelector<HTMLElement>(`[data-act="${chosen}"]`)?.focus()
  }

  private roleOf(link: Link, manage: boolean): HTMLElement {
    if (!manage || (link.most === null && link.role === null))
      return h('span', { class: 'role still' }, say(`share.link.${link.role ?? 'none'}`))
    const most = ROLES.indexOf(link.most)
    const options = ROLES.filter((role, rank) => rank <= most || role === link.role || role === null)
    const select = h(
      'select',
      { class: 'role', 'aria-label': say('share.link'), 'data-testid': 'share-link', 'data-act': 'link' },
      ...options.map((role) => h('option', { value: role ?? '' }, say(`share.link.${role ?? 'none'}`))),
    )
    select.value = link.role ?? ''
    select.addEventListener('change', async () => {
      const isDone = await this.setRole((select.value || null) as LinkRole)
      if (!isDone) select.value = this.link?.role ?? '' // it must not go on showing what was refused
    })
    return select
  }

  private setRole(role: LinkRole): Promise<boolean> {
    const ends = this.link?.expires_at ?? null
    const isOver = ends !== null && new Date(ends) <= new Date()
    return this.act(async () => {
      const { change } = await this.requests.setLink({ role, expires_at: isOver ? null : ends })
      const sentence = say(role === null ? 'share.link.closed' : `share.link.opened.${role}`)
      return { change, sentence, saysNobody: false }
    })
  }

  private async admit(admits: boolean): Promise<void> {
    const isDone = await this.act(async () => {
      await this.requests.admit(admits)
      return { change: null, sentence: say(admits ? 'share.asks.on' : 'share.asks.off') }
    })
    if (!isDone) this.asks.checked = !admits
  }

  /** Those who do not manage have the address they came by. */
  private async copyLink(): Promise<void> {
    const address = this.link?.address ?? `${location.origin}${location.pathname}${location.search}`
    this.tell((await copyText(address)) ? t('share.linkCopied') : address)
  }
}

function detailsOf({ role, most, expires_at: end, has_password: locked }: Link, manage: boolean, here: string[]) {
  if (most === null) return [say('share.link.off')]
  if (role === null) return [say('share.link.none.hint')]
  const parts: string[] = []
  if (end !== null) {
    const date = shortly(new Date(end))
    parts.push(say(new Date(end) <= new Date() ? 'share.link.over' : 'share.link.until', { date }))
  }
  if (locked) parts.push(say('share.link.password'))
  const lines = parts.length > 0 ? [parts.join(', ')] : []
  if (manage && most !== 'editor') lines.push(say('share.link.most', { role: t(`role.${most}`) }))
  if (here.length > 0) lines.push(say('share.link.here', { names: here.join(', ') }))
  return lines
}
