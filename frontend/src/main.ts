/** The document page: reads what the server printed, opens a session, and keeps the page in step with it. */
import './styles/document.css'
import { guardSignOut } from './account'
import { facesIn } from './collab/presence'
import type { Loss } from './collab/provider'
import type { Status, Trouble } from './collab/status'
import { Close, mayWrite, type Role } from './collab/wire'
import { belongTo } from './device'
import { mountToolbar } from './editor/toolbar'
import { setEditable } from './editor/view'
import { Banner } from './header/banner'
import { mountFaces } from './header/faces'
import { showLeaving } from './header/leaving'
import { mountTitle } from './header/title'
import { mountWord } from './header/word'
import { watchIdle } from './idle'
import { dropPage, refreshPage, registerWorker } from './offline'
import { type Page, part, readPage } from './page'
import { Session } from './session'
import { mountShare } from './share/dialog'
import { ShareRequests } from './share/shares'
import { bytes, type Key, t } from './strings'

const BANNER_MS = 8_000
/** How long a document that is not on this device may take before the page says that it waits for the server. */
const MISSING_AFTER_MS = 8_000
const REPLACEMENTS_IN_A_ROW = 3

class DocumentPage {
  private session: Session | null = null
  private role: Role
  /** Text that only this page has, until its author dismisses it. */
  private lostText = ''
  /** Why the session before this one ended, until its author has been told. */
  private lostWhy: Loss | null = null
  /** The session whose editor is still on the page while the next one has nothing to show. */
  private shownBefore: Session | null = null
  private replacements = 0
  private troubleShown: Trouble | null = null
  private leftForGood = false
  private stopFaces = () => {}
  private stopTools = () => {}

  private readonly root = document.documentElement
  private readonly stage = part('stage')
  private readonly tools = part('tools')
  private readonly showWord = mountWord(part('word'))
  private readonly banner = new Banner(
    part('banner'),
    () => this.fileName(),
    () => {
      this.lostText = ''
    },
  )
  private readonly title

  constructor(private readonly page: Page) {
    this.role = page.role
    const title = part<HTMLInputElement>('title')
    this.title = mountTitle(title, part('title-error'), page.urls.document, page.document.title, refreshPage)
    mountShare(part<HTMLButtonElement>('share-open'), part<HTMLDialogElement>('share'), {
      requests: new ShareRequests(page.urls.shares, page.urls.link),
      title: () => this.title.text,
      present: () => this.presentIds(),
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
    provider.on('lost', (why) => this.onLost(session, why))
    provider.on('final', (code) => this.onFinal(session, code))
    this.stopFaces()
    this.stopFaces = mountFaces(part('faces'), part('live'), provider.awareness, this.page.person.id)
    if (session.copy.known) this.mount(session)
    this.onStatus(session, provider.status)
    provider.connect()
    setTimeout(() => this.showMissing(session), MISSING_AFTER_MS)
  }

  private mount(session: Session): void {
    const scroll = window.scrollY
    this.stage.replaceChildren()
    const editor = session.mountEditor(this.stage)
    this.stopTools()
    this.stopTools = mountToolbar(this.tools, editor)
    this.showRole()
    window.scrollTo({ top: scroll, behavior: 'instant' })
    if (editor.isEditable && editor.isEmpty && document.activeElement === document.body) editor.commands.focus()
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
    if (this.lostText !== '') this.banner.show({ lines: [line, t('refused.access')], text: this.lostText, tone: 'bad' })
    else this.banner.show({ lines: [line], tone: gained ? 'good' : 'plain', fadesAfterMs: BANNER_MS })
  }

  private showRole(): void {
    const writes = mayWrite(this.role)
    this.root.dataset.role = this.role
    if (writes) this.tools.hidden = false
    this.tools.classList.toggle('off', !writes)
    this.tools.inert = !writes
    this.title.setEditable(writes)
    if (this.session?.editor) setEditable(this.session.editor, writes)
  }

  /** Edits will not reach the server: keep their text for their author, and begin again with what the server has. */
  private async onLost(session: Session, why: Loss): Promise<void> {
    this.lostText = [this.lostText, session.unsentText()].filter(Boolean).join('\n')
    this.replacements += 1
    if (session.editor) setEditable(session.editor, false)
    session.stop()
    await session.forget()
    if (this.replacements > REPLACEMENTS_IN_A_ROW) {
      return this.banner.show({ lines: [t('refused.diverged')], text: this.lostText, reload: true, tone: 'bad' })
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
    if (why === null || (why === 'diverged' && this.lostText === '')) return
    const lines: string[] = []
    if (!mayWrite(this.role)) lines.push(t(ROLE_LINES[this.role]))
    if (why === 'diverged') lines.push(t('refused.diverged'))
    else lines.push(this.lostText === '' ? t('refused.nothing') : t('refused.access'))
    this.banner.show({ lines, text: this.lostText, tone: 'bad' })
  }

  private onFinal(session: Session, code: number): void {
    if (session.editor) setEditable(session.editor, false)
    if (code === Close.SIGNED_OUT) return this.leave(session, 'left.signedOut', false)
    if (code === Close.NO_ACCESS) return this.leave(session, 'left.access', true)
    if (code === Close.GONE) return this.leave(session, 'left.gone', true)
    this.showWord(session.provider.status)
  }

  /** Takes the document off the screen, and off the device when it may not be kept. */
  private leave(session: Session, why: 'left.signedOut' | 'left.access' | 'left.gone', forget: boolean): void {
    const { unsaved } = session.provider.status
    this.lostText = [this.lostText, session.unsentText()].filter(Boolean).join('\n')
    this.leftForGood = true
    this.stopTools()
    this.stopFaces()
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
    const home = { href: this.page.urls.home, label: t('left.home') }
    const signIn = { href: this.page.urls.signIn, label: t('left.signIn') }
    const link = signedOut ? signIn : home
    showLeaving(this.stage, { title: t(why), hint, text: this.lostText, fileName: this.fileName(), link })
  }

  // What could not be saved

  private showTrouble(session: Session, { trouble }: Status): void {
    if (trouble === this.troubleShown) return
    this.troubleShown = trouble
    if (trouble === null) return this.banner.hide()
    const { limits } = session.provider
    const limit = bytes((trouble === 'full' ? limits?.documentBytes : limits?.messageBytes) ?? 0)
    const reload = trouble === 'invalid' || trouble === 'protocol'
    this.banner.show({ lines: [t(`trouble.${trouble}`, { limit })], text: session.unsentText(), reload, tone: 'bad' })
  }

  private showMissing(session: Session): void {
    if (session !== this.session || session.editor !== null || this.stage.childElementCount > 0) return
    const link = { href: this.page.urls.home, label: t('left.home') }
    showLeaving(this.stage, { title: t('left.offline'), hint: t('left.offline.hint'), text: '', fileName: '', link })
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
    if (this.leftForGood) return this.lostText !== ''
    return (this.session?.provider.status.unsaved ?? 0) > 0 || this.banner.holdsText
  }

  private presentIds(): Set<string> {
    const states = this.session?.provider.awareness.getStates().values() ?? []
    return new Set(facesIn(states, this.page.person.id).map(({ id }) => id))
  }

  private fileName(): string {
    return `${this.page.document.title || t('untitled')}.txt`.replace(/[/\\:*?"<>|]/g, '-')
  }
}

const ROLE_LINES: Record<Role, Key> = {
  viewer: 'banner.reader',
  commenter: 'banner.commenter',
  editor: 'banner.writer',
  owner: 'banner.owner',
}

guardSignOut()
void new DocumentPage(readPage()).begin()
registerWorker()
