/**
 * The share dialog: who has access and why, who asks, who is invited, and the link. It shows the present: whatever
 * another owner changes is read again, and every change of one's own is followed by what it did on open pages.
 */
import '../styles/share.css'
import { X } from 'lucide'
import { ApiError } from '../api'
import { calledOf } from '../collab/called'
import { h, icon } from '../dom'
import { t } from '../strings'
import { ShareActs } from './acts'
import { type Act, AddForm, type Done } from './add'
import { coalesce } from './coalesce'
import { guestParts } from './guest'
import { LinkSection } from './link'
import { LogSection } from './log'
import { type InvitationRow, invitationElement, offerParts, type RequestRow, requestElement } from './pending'
import { type PersonRow, personElement, rowsOf } from './people'
import { Receipts, withEffect } from './receipts'
import { Rows } from './rows'
import type { News, ShareContext } from './share'
import { ShareRequests, type Standing } from './shares'
import { say } from './words'

/** What is not told is found out after this long at the latest: only owners' sockets hear of changes. */
const LOOK_MS = 20_000
const FINGERS = '(pointer: coarse)'

export class ShareDialog {
  private readonly requests: ShareRequests
  private readonly heading = h('h2', { id: 'share-title', dir: 'auto' })
  private readonly body = h('div', { class: 'share-body' })
  private readonly receipt = h('p', { class: 'receipt', role: 'status', 'data-testid': 'share-receipt' })
  private readonly problem = h('p', { class: 'problem', role: 'alert', 'data-testid': 'share-problem' })
  private readonly close: HTMLButtonElement
  private readonly offer = h('section', { class: 'share-offer', hidden: true })
  private readonly waiting: Rows<RequestRow>
  private readonly people: Rows<PersonRow>
  private readonly pending: Rows<InvitationRow>
  private readonly more: HTMLButtonElement
  private readonly add: AddForm
  private readonly link: LinkSection
  private readonly log: LogSection
  private readonly receipts = new Receipts()
  private readonly refresh = coalesce(() => this.read())
  private standing: Standing | null = null
  private pages = 1
  private done: Done | null = null
  private layout = ''
  private timer: ReturnType<typeof setInterval> | undefined

  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly context: ShareContext,
    private readonly news: News,
  ) {
    this.requests = new ShareRequests(context.page.urls.api)
    const acts = new ShareActs(this.requests, this.act, (leaving) => this.leave(leaving))
    this.waiting = new Rows(list('share.requests', 'share-waiting'), (row: RequestRow) =>
      requestElement(row, (role) => void acts.answer(row.asked, role)),
    )
    this.people = new Rows(list('share.list', 'shares'), (row: PersonRow) => personElement(row, acts))
    this.pending = new Rows(list('share.pending', 'shares'), (row: InvitationRow) =>
      invitationElement(row, () => void acts.uninvite(row.invitation)),
    )
    this.more = h(
      'button',
      { type: 'button', class: 'button quiet', onclick: () => this.showMore() },
      say('share.more'),
    )
    this.add = new AddForm(this.requests, this.act)
    this.link = new LinkSection(this.requests, this.act, (sentence) => this.tell({ change: null, sentence }))
    this.log = new LogSection(this.requests)
    this.answerOffer = (accepts) => void acts.takeOffer(accepts)
    this.close = closeButton(dialog)
    dialog.setAttribute('aria-labelledby', 'share-title')
    const live = h('p', { class: 'unseen', id: 'share-live', role: 'status' })
    const foot = h('div', { class: 'share-foot' }, this.receipt, this.problem)
    dialog.replaceChildren(h('div', { class: 'share-head' }, this.heading, this.close), this.body, foot, live)
    dialog.addEventListener('close', () => clearInterval(this.timer))
    news.on('receipt', (receipt) => {
      this.receipts.note(receipt)
      if (receipt.change === this.done?.change) this.showReceipt()
    })
    news.on('changed', () => void this.refreshIfOpen())
    news.on('here', () => this.dialog.open && this.show())
  }

  private readonly answerOffer: (accepts: boolean) => void

  async open(): Promise<void> {
    if (this.dialog.open) return
    const { title, page } = this.context
    this.hush()
    this.add.clear()
    this.dialog.showModal()
    if (page.person.guest) {
      this.heading.textContent = say('share.guest')
      this.body.replaceChildren(...guestParts(this.context, (sentence) => this.tell({ change: null, sentence })))
      return
    }
    this.heading.textContent = say('share.title', { title: title() })
    if (this.standing === null) this.body.replaceChildren(h('p', { class: 'quiet' }, say('share.loading')))
    this.timer = setInterval(() => document.visibilityState === 'visible' && this.refreshIfOpen(), LOOK_MS)
    await this.refresh()
    this.first().focus()
  }

  private refreshIfOpen(): Promise<void> {
    return this.dialog.open && !this.context.page.person.guest ? this.refresh() : Promise.resolve()
  }

  private async read(): Promise<void> {
    try {
      this.standing = await this.requests.standing(this.pages)
      this.show()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (this.standing !== null) return // what is shown was true a moment ago; the next news or look mends it
      const again = () => void this.refresh()
      const retry = h('button', { type: 'button', class: 'button', onclick: again }, say('share.retry'))
      this.body.replaceChildren(h('p', { class: 'problem', role: 'alert' }, error.detail), retry)
      this.layout = ''
    }
  }

  private show(): void {
    const { standing } = this
    if (standing === null) return
    const others = this.context.here()
    const named = new Set([...standing.shares, ...standing.reached].map(({ id }) => id))
    const byLink = standing.manage ? others.filter(({ id }) => !named.has(id)) : []
    this.showOffer(standing)
    this.waiting.show(standing.requests.map((asked) => ({ key: String(asked.id), asked })))
    this.people.show(rowsOf(standing, new Set(others.map(({ id }) => id))))
    this.pending.show(standing.invitations.map((invitation) => ({ key: String(invitation.id), invitation })))
    this.more.hidden = standing.next === ''
    this.link.show(standing, byLink.map(calledOf))
    this.arrange(standing)
    if (document.activeElement === document.body) this.first().focus() // what had the focus is gone, with its list
  }

  /** Puts the parts in their places, once for each way they may stand. */
  private arrange({ manage, you }: Standing): void {
    const layout = `${manage} ${you.why}`
    if (layout === this.layout) return
    this.layout = layout
    const note: HTMLElement[] = [h('p', { class: 'quiet' }, say('share.readonly'))]
    if (you.why === 'group' || you.why === 'link') note.push(h('p', { class: 'quiet' }, say(`share.via.${you.why}`)))
    const top = manage ? [this.add.element] : note
    const lists = [this.people.element, this.more, this.pending.element]
    const past = manage ? [this.log.element] : []
    this.body.replaceChildren(this.offer, this.waiting.element, ...top, ...lists, this.link.element, ...past)
  }

  /** Where the focus goes when there is no better place. */
  private first(): HTMLElement {
    const touched = window.matchMedia(FINGERS).matches // a field would bring up the keyboard
    return this.standing?.manage && !touched ? this.add.input : this.close
  }

  private showOffer({ offer }: Standing): void {
    const mine = offer !== null && offer.to.id === this.context.page.person.id
    if (mine && this.offer.hidden) this.offer.replaceChildren(...offerParts(offer, this.answerOffer))
    this.offer.hidden = !mine
  }

  private async showMore(): Promise<void> {
    this.pages += 1
    await this.refresh()
    if (this.more.hidden) this.people.element.querySelector<HTMLElement>('li:last-child button')?.focus()
  }

  /** Carries out one change, says what it did, and shows what is now. */
  private readonly act: Act = async (change, onRefused) => {
    this.hush()
    try {
      const done = await change()
      this.news.emit('acted', [])
      await this.refreshIfOpen() // first: what is copied next must be the new link
      this.tell(done)
      await this.log.again()
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (!onRefused?.(error)) this.problem.textContent = error.detail
      if (error.status !== 400) void this.refreshIfOpen() // it was refused because something is other than shown
      return false
    }
  }

  /** One's own access goes: with the link's, if there is any, the page goes on. */
  private leave(leaving: boolean): void {
    this.context.leaving(leaving)
    if (leaving) this.dialog.close()
  }

  private tell(done: Done): void {
    this.done = done
    this.problem.textContent = ''
    this.showReceipt()
  }

  private showReceipt(): void {
    if (this.done === null) return
    const { sentence, change, saysNobody = false } = this.done
    const text = withEffect(sentence, this.receipts.of(change), saysNobody)
    if (this.receipt.textContent !== text) this.receipt.textContent = text
  }

  private hush(): void {
    this.done = null
    this.receipt.textContent = ''
    this.problem.textContent = ''
  }
}

function list(label: 'share.requests' | 'share.list' | 'share.pending', name: string): HTMLElement {
  return h('ul', { class: name, 'aria-label': say(label) })
}

function closeButton(dialog: HTMLDialogElement): HTMLButtonElement {
  const label = t('share.close')
  const close = () => dialog.close()
  return h('button', { type: 'button', class: 'tool', 'aria-label': label, title: label, onclick: close }, icon(X))
}
