/** The document page: reads what the server printed, opens a session, and keeps the page in step with it. */
import './styles/document.css'
import { guardSignOut } from './account'
import { request } from './api'
import { type Face, facesIn } from './collab/presence'
import type { Loss } from './collab/provider'
import type { Status, Trouble } from './collab/status'
import { NOTHING, together } from './collab/unsent'
import { Close, mayWrite, type Role } from './collab/wire'
import { belongTo } from './device'
import { beginWriting } from './editor/begin'
import { mountFeatures } from './editor/features'
import { setEditable } from './editor/view'
import { Banner } from './header/banner'
import { showLeaving } from './header/leaving'
import { mountTitle } from './header/title'
import { mountWord } from './header/word'
import { watchIdle } from './idle'
import { mountBell } from './inbox/bell'
import { dropPage, refreshPage, registerWorker } from './offline'
import { isSignedIn, type Page, part, readPage } from './page'
import { Session } from './session'
import { ShareButton } from './share/share'
import { bytes, type Key, t } from './strings'

const BANNER_MS = 8_000
/** How long a document that is not on this device may take before the page says that it waits for the server. */
const MISSING_AFTER_MS = 8_000
const REPLACEMENTS_IN_A_ROW = 3
const COME_BACK_AFTER_MS = [250, 750, 2_000]

class DocumentPage {
  private session: Session | null = null
  private role: Role
  /** Text that only this page has, until its author dismisses it. */
  private lost = NOTHING
  /** Why the session before this one ended, until its author has been told. */
  private lostWhy: Loss | null = null
  /** The session whose editor is still on the page while the next one has nothing to show. */
  private shownBefore: Session | null = null
  private replacements = 0
  private troubleShown: Trouble | null = null
  private leftForGood = false
  /** Whether the document holds what this page cannot show. */
  private foreign = false
  private stopFeatures = () => {}

  private readonly root = document.documentElement
  private readonly stage = part('stage')
  private readonly tools = part('tools')
  private readonly showWord = mountWord(part('word'), part('word-more'))
  private readonly banner = new Banner(
    part('banner'),
    () => this.fileName(),
    () => {
      this.lost = NOTHING
    },
  )
  private readonly bell = mountBell()
  private readonly title
  private readonly share: ShareButton
  /** This person gives up their own access. */
  private leaving = false

  constructor(private readonly page: Page) {
    this.role = page.role
    const title = part<HTMLInputElement>('title')
    this.title = mountTitle(title, part('title-error'), page.urls.api, page.document.title, refreshPage, () => {
      const text = this.stage.querySelector<HTMLElement>('[contenteditable=true]')
      if (text === null) title.blur()
      else text.focus({ preventScroll: true })
    })
    this.share = new ShareButton(part<HTMLButtonElement>('share-open'), part<HTMLDialogElement>('share'), {
      page,
      title: () => this.title.text,
      role: () => this.role,
      here: () => this.others(),
      leaving: (leaving) => {
        this.leaving = leaving
      },
    })
    this.showRole()
    this.watchBrowser()
  }

  async begin(): Promise<void> {
    await belongTo(this.page.person.id)
    this.follow(await Session.open(this.page, this.role))
  }

  /** Makes `session` the one that this page shows, as soon as it has something to show. */
  private follow(session: Session): void {
    this.session = session
    const { provider } = session
    provider.on('status', (status) => this.onStatus(session, status))
    provider.on('role', (role) => this.onRole(role))
    provider.on('notices', this.bell.show)
    provider.on('title', (title) => this.title.show(title))
    provider.on('lost', (why) => this.onLost(session, why))
    provider.on('final', (code) => this.onFinal(session, code))
    this.share.follow(provider)
    if (session.copy.known) this.mount(session)
    this.onStatus(session, provider.status)
    provider.connect()
    setTimeout(() => this.showMissing(session), MISSING_AFTER_MS)
  }

  private mount(session: Session): void {
    const scroll = window.scrollY
    this.stage.replaceChildren()
    this.foreign = false
    const editor = session.mountEditor(this.stage, (foreign) => this.onForeign(session, foreign !== null))
    this.stopFeatures()
    this.stopFeatures = mountFeatures({
      editor,
      page: this.page,
      provider: session.provider,
      stage: this.stage,
      tools: this.tools,
    })
    this.showRole()
    window.scrollTo({ top: scroll, behavior: 'instant' })
    beginWriting(editor)
  }

  private onStatus(session: Session, status: Status): void {
    if (session !== this.session || this.leftForGood) return
    this.root.dataset.synced = String(status.synced)
    this.root.dataset.seq = String(status.saved?.seq ?? 0)
    if (status.synced && session.editor === null) {
      session.copy.setKnown()
      this.mount(session)
      this.replaced()
    }
    this.showWord(status)
    this.showTrouble(session, status)
    if (!status.online) this.showMissing(session)
  }

  // Rights

  private onRole(role: Role): void {
    if (role === this.role) return
    const gained = mayWrite(role) && !mayWrite(this.role)
    this.role = role
    this.showRole()
    const line = gained ? t('banner.writer') : t(ROLE_LINES[role])
    const ask = this.asking()
    if (this.lost.text !== '')
      this.banner.show({ lines: [line, t('refused.access')], rescued: this.lost, ask, tone: 'bad' })
    else this.banner.show({ lines: [line], ask, tone: gained ? 'good' : 'plain', fadesAfterMs: BANNER_MS })
  }

  /** How a reader asks to write. Of a guest's asking nobody would be told. */
  private asking(): (() => Promise<unknown>) | undefined {
    if (mayWrite(this.role) || this.page.person.guest) return undefined
    return () => request('POST', `${this.page.urls.api}requests/`, { role: 'editor' })
  }

  private showRole(): void {
    const writes = mayWrite(this.role) && !this.foreign
    this.root.dataset.role = this.role
    if (writes) this.tools.hidden = false
    this.tools.classList.toggle('off', !writes)
    this.tools.inert = !writes
    this.title.setEditable(writes)
    if (this.session?.editor) setEditable(this.session.editor, writes)
  }

  /** What this page cannot show it must not edit: the page locks until the document is mended, or this page is newer. */
  private onForeign(session: Session, foreign: boolean): void {
    if (session !== this.session || this.leftForGood) return
    this.foreign = foreign
    this.root.dataset.foreign = String(foreign)
    this.showRole()
    if (foreign) this.banner.show({ lines: [t('foreign.locked'), t('foreign.hint')], reload: true, tone: 'bad' })
    else this.banner.hide()
  }

  /** Edits will not reach the server: keep their text for their author, and begin again with what the server has. */
  private async onLost(session: Session, why: Loss): Promise<void> {
    this.lost = together(this.lost, session.unsent())
    this.replacements += 1
    if (session.editor) setEditable(session.editor, false)
    session.stop()
    await session.forget()
    if (this.replacements > REPLACEMENTS_IN_A_ROW) {
      return this.banner.show({ lines: [t('refused.diverged')], rescued: this.lost, reload: true, tone: 'bad' })
    }
    this.lostWhy = why
    const next = await Session.open(this.page, 'viewer') // until the server says what the role is
    this.shownBefore = session
    this.follow(next)
  }

  /** The fresh document is on the page: say what was lost with the one before. */
  private replaced(): void {
    this.shownBefore?.unmount()
    this.shownBefore = null
    const why = this.lostWhy
    this.lostWhy = null
    if (why === null || (why === 'diverged' && this.lost.text === '')) return
    const lines: string[] = []
    if (!mayWrite(this.role)) lines.push(t(ROLE_LINES[this.role]))
    if (why === 'diverged') lines.push(t('refused.diverged'))
    else lines.push(this.lost.text === '' ? t('refused.nothing') : t('refused.access'))
    this.banner.show({ lines, rescued: this.lost, ask: this.asking(), tone: 'bad' })
  }

  private onFinal(session: Session, code: number): void {
    if (session.editor) setEditable(session.editor, false)
    if (code === Close.SIGNED_OUT) {
      this.leave(session, 'left.signedOut', false)
      return void this.comeBack(session)
    }
    if (code === Close.NO_ACCESS) return this.leave(session, this.leaving ? 'left.self' : 'left.access', true)
    if (code === Close.GONE) return this.leave(session, 'left.gone', true)
    this.showWord(session.provider.status)
  }

  /**
   * A password changed in another tab ends this tab's session too, but the browser has a new one as soon as that tab has
   * its answer; and somebody may sign in again there.
   */
  private async comeBack(session: Session): Promise<void> {
    if (this.lost.text !== '' && !session.copy.kept) return // only this page has it
    const look = async () => {
      if (!(await isSignedIn(this.page))) return
      this.lost = NOTHING // it is on the device, and sent after the reload
      location.reload()
    }
    document.addEventListener('visibilitychange', look)
    for (const ms of COME_BACK_AFTER_MS) {
      await new Promise((resolve) => setTimeout(resolve, ms))
      await look()
    }
  }

  /** Takes the document off the screen, and off the device when it may not be kept. */
  private leave(session: Session, why: Left, forget: boolean): void {
    const { unsaved } = session.provider.status
    const kept = why === 'left.signedOut' && session.copy.kept && this.lost.text === ''
    this.lost = together(this.lost, session.unsent())
    this.leftForGood = true
    this.stopFeatures()
    session.stop()
    session.unmount()
    this.shownBefore?.unmount()
    if (forget) {
      void session.forget()
      void dropPage(this.page.urls.document)
    }
    this.banner.hide()
    this.root.dataset.left = 'true'
    document.title = t('app')
    part<HTMLInputElement>('title').value = ''
    part<HTMLDialogElement>('share').close()
    const signedOut = why === 'left.signedOut'
    const hint = signedOut && unsaved > 0 ? t('left.signedOut.kept', { n: unsaved }) : t(`${why}.hint`)
    const label = t(this.page.person.guest ? 'menu.guest.signUp' : 'left.home') // a guest's home says what an account gives
    const home = { href: this.page.urls.home, label }
    const signIn = { href: this.page.urls.signIn, label: t('left.signIn') }
    const link = signedOut ? signIn : home
    const ask = why === 'left.access' && !this.page.person.guest ? this.page.urls.document : undefined
    const fileName = this.fileName()
    showLeaving(this.stage, { title: t(why), hint, rescued: this.lost, kept, fileName, link, ask })
  }

  // What could not be saved

  private showTrouble(session: Session, { trouble }: Status): void {
    if (trouble === this.troubleShown) return
    this.troubleShown = trouble
    if (trouble === null) return this.banner.hide()
    const { limits } = session.provider
    const limit = bytes((trouble === 'full' ? limits?.documentBytes : limits?.messageBytes) ?? 0)
    const reload = trouble === 'invalid' || trouble === 'protocol'
    this.banner.show({ lines: [t(`trouble.${trouble}`, { limit })], rescued: session.unsent(), reload, tone: 'bad' })
  }

  private showMissing(session: Session): void {
    if (session !== this.session || session.editor !== null || this.stage.childElementCount > 0) return
    const link = { href: this.page.urls.home, label: t('left.home') }
    showLeaving(this.stage, {
      title: t('left.offline'),
      hint: t('left.offline.hint'),
      rescued: NOTHING,
      fileName: '',
      link,
    })
  }

  // The browser

  private watchBrowser(): void {
    window.addEventListener('online', () => this.session?.provider.network(true))
    window.addEventListener('offline', () => this.session?.provider.network(false))
    window.addEventListener('pageshow', (event) => {
      this.session?.provider.presence.appear()
      if (event.persisted) this.session?.provider.wake()
    })
    window.addEventListener('pagehide', () => {
      this.session?.provider.flush()
      this.session?.provider.presence.vanish()
    })
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.session?.provider.wake()
      else this.session?.provider.flush()
    })
    window.addEventListener('beforeunload', (event) => {
      this.session?.provider.flush()
      if (this.holdsUnsaved()) event.preventDefault()
    })
    watchIdle((idle) => this.session?.provider.awareness.setLocalStateField('idle', idle))
  }

  private holdsUnsaved(): boolean {
    if (this.leftForGood) return this.lost.text !== ''
    return (this.session?.provider.status.unsaved ?? 0) > 0 || this.banner.holdsText
  }

  private others(): Face[] {
    return facesIn(this.session?.provider.awareness.getStates().values() ?? [], this.page.person.id)
  }

  private fileName(): string {
    return `${this.page.document.title || t('untitled')}.md`.replace(/[/\\:*?"<>|]/g, '-')
  }
}

/** Why the page has nothing to show any more. */
type Left = 'left.signedOut' | 'left.access' | 'left.self' | 'left.gone'

const ROLE_LINES: Record<Role, Key> = {
  viewer: 'banner.reader',
  commenter: 'banner.commenter',
  editor: 'banner.writer',
  owner: 'banner.owner',
}

guardSignOut()
void new DocumentPage(readPage()).begin()
registerWorker()
