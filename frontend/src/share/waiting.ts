/** What waits for this person, outside of the dialog: a number at the Share button, an offer of ownership on the page. */
import '../styles/share-waiting.css'
import { ApiError } from '../api'
import { h } from '../dom'
import { notice } from '../editor/paste/notice'
import { coalesce } from './coalesce'
import { offerParts } from './pending'
import type { ShareContext } from './share'
import { type Offer, ShareRequests } from './shares'
import { say } from './words'

/** Nobody tells the receiver of an offer that it was taken back. */
const LOOK_AGAIN_MS = 20_000

export class Waiting {
  readonly look = coalesce(() => this.read())
  private readonly requests: ShareRequests
  private readonly label: string
  private asking = 0
  private offer: HTMLElement | null = null
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly button: HTMLButtonElement,
    private readonly context: ShareContext,
  ) {
    this.requests = new ShareRequests(context.page.urls.api)
    this.label = button.getAttribute('aria-label') ?? ''
  }

  private async read(): Promise<void> {
    try {
      const isOwner = this.context.role() === 'owner'
      this.showAsking(isOwner ? (await this.requests.requests()).length : 0)
      this.showOffer(isOwner ? null : (await this.requests.offer()).offer)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error // else the right to know is gone, or the network
    }
  }

  private showAsking(n: number): void {
    const live = document.getElementById('live')
    if (n > this.asking && live !== null) live.textContent = say('share.asked', { n })
    this.asking = n
    if (n === 0) delete this.button.dataset.asking
    else this.button.dataset.asking = String(n)
    const label = n === 0 ? this.label : say('share.button.asking', { n })
    if (label === '') this.button.removeAttribute('aria-label')
    else this.button.setAttribute('aria-label', label)
  }

  /** Over the page, until it is answered, taken back or put off. */
  private showOffer(offer: Offer | null): void {
    clearTimeout(this.timer)
    if (offer !== null) this.timer = setTimeout(this.look, LOOK_AGAIN_MS)
    const key = offer === null ? '' : offer.by.id
    if (this.offer?.dataset.by === key) return
    this.offer?.remove()
    this.offer = null
    if (offer === null || offer.to.id !== this.context.page.person.id) return
    const box = h('section', { class: 'notice share-notice', role: 'status', 'data-by': key, 'data-testid': 'offer' })
    document.body.append(box)
    box.append(...offerParts(offer, (accepts) => void this.answer(accepts))) // now it is announced
    this.offer = box
  }

  private async answer(accepts: boolean): Promise<void> {
    try {
      await (accepts ? this.requests.accept() : this.requests.refuse())
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notice(error.detail, 'bad')
    }
    this.showOffer(null)
  }
}
