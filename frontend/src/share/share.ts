/** The button that opens the share dialog, which is loaded when it is first asked for; and what is told of rights. */
import { ObservableV2 } from 'lib0/observable'
import type { Face } from '../collab/presence'
import type { Provider } from '../collab/provider'
import type { Receipt, Role } from '../collab/wire'
import { whenAskedFor } from '../editor/parts'
import type { Page } from '../page'
import type { ShareDialog } from './dialog'
import type { Waiting } from './waiting'

/** What one hears of rights first is not always what follows from it: one's own role, or the end, may be on its way. */
const SETTLE_MS = 150

/** What the socket says that the dialog shows, and what the dialog did. */
export class News extends ObservableV2<{
  receipt: (receipt: Receipt) => void
  /** Rights may be others, or somebody asks for some. */
  changed: () => void
  /** Others came into the document, or left. */
  here: () => void
  /** Something was changed in the dialog. */
  acted: () => void
}> {}

export interface ShareContext {
  page: Page
  title(): string
  role(): Role
  /** Who else is in the document now. */
  here(): Face[]
  /** This person gives up their own access now; false: it did not work. */
  leaving(leaving: boolean): void
}

export class ShareButton {
  private readonly news = new News()
  private share: ShareDialog | null = null
  private waiting: Promise<Waiting> | null = null
  private change = ''
  private timer: ReturnType<typeof setTimeout> | undefined
  private ended = false

  /** Opens `dialog` from `button`, to which the focus returns. */
  constructor(
    private readonly button: HTMLButtonElement,
    dialog: HTMLDialogElement,
    private readonly context: ShareContext,
  ) {
    button.addEventListener('click', () => {
      whenAskedFor(import('./dialog'), ({ ShareDialog }) => {
        this.share ??= new ShareDialog(dialog, context, this.news)
        void this.share.open()
      })
    })
    this.news.on('acted', () => this.waiting !== null && this.look())
    dialog.addEventListener('close', () => button.focus())
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close() // the backdrop
    })
  }

  /** Hears what is said of rights to this session. */
  follow(provider: Provider): void {
    let { synced, role } = provider.status
    provider.on('receipt', (receipt) => {
      this.news.emit('receipt', [receipt])
      if (receipt.change === this.change) return
      this.change = receipt.change
      this.look()
    })
    provider.on('notices', (unread) => unread > 0 && this.look())
    provider.on('role', (now) => {
      if (now !== role) this.look()
      role = now
    })
    provider.on('status', (status) => {
      if (status.synced && !synced) this.news.emit('changed', []) // what was said meanwhile was not heard
      synced = status.synced
    })
    this.ended = false
    provider.on('final', () => {
      clearTimeout(this.timer)
      this.ended = true
    })
    provider.awareness.on('change', () => this.news.emit('here', []))
  }

  private look(): void {
    clearTimeout(this.timer)
    if (!this.ended) this.timer = setTimeout(() => this.lookNow(), SETTLE_MS)
  }

  /** Rights may be others, and somebody may ask for some. */
  private lookNow(): void {
    this.news.emit('changed', [])
    if (this.context.page.person.guest) return
    this.waiting ??= import('./waiting').then(({ Waiting }) => new Waiting(this.button, this.context))
    this.waiting
      .then((waiting) => waiting.look())
      .catch(() => {
        this.waiting = null // without a network: what comes next tries again
      })
  }
}
