/** The home page: the list of documents, live. */
import './styles/home.css'
import { guardSignOut } from './account'
import { Close } from './collab/wire'
import { belongTo } from './device'
import { Acts } from './home/acts'
import { Desk } from './home/desk'
import { mountFilter } from './home/filter'
import { listenToKeys, step } from './home/keys'
import { idOf, tellTimes, update } from './home/line'
import { Live } from './home/live'
import { mountLineMenus } from './home/menu'
import { Toast } from './home/toast'
import { mountBell } from './inbox/bell'
import { registerWorker } from './offline'
import { part, socketUrl } from './page'
import { mountPerson } from './person'

const SCREEN_AND_MORE = '400px'
const TIMES_EVERY_MS = 30_000

const onScreen = new Set<HTMLElement>()
const seen = new IntersectionObserver(noteScreen, { rootMargin: SCREEN_AND_MORE })
const toast = new Toast()
const bell = mountBell()
const live = new Live({
  url: socketUrl('/ws/home/'),
  WebSocket,
  onLines: (lines, gone) => {
    for (const said of lines) {
      const line = desk.line(said.document)
      const here = said.trashed === (desk.shelf === 'trash')
      if (line === null && here)
        void desk.bring(said.document) // it has come back before we said that it was gone
      else if (line !== null && here) update(line, said)
      else if (line !== null) desk.remove(line)
    }
    for (const id of gone) {
      const line = desk.line(id)
      if (line !== null) desk.remove(line)
    }
  },
  onAppeared: (document) => void desk.bring(document),
  onStale: () => void desk.refresh(),
  onOffline: (offline) => {
    part('offline').hidden = !offline
  },
  onNotices: bell.show,
  onFinal: (code) => {
    if (code === Close.SIGNED_OUT) location.reload()
  },
})
const desk: Desk = new Desk(watchLines)
const acts = new Acts(desk, toast)

function noteScreen(entries: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting } of entries) {
    const line = target as HTMLElement
    if (isIntersecting && line.isConnected) onScreen.add(line)
    else onScreen.delete(line)
  }
  showTimes()
  live.watch([...onScreen].map(idOf))
}

/** Times in words are made for the lines that can be seen; the others show the date the server wrote. */
function showTimes(): void {
  for (const line of onScreen) tellTimes(line)
}

/** Lines came or went: those on the screen are kept live. */
function watchLines(): void {
  for (const line of document.querySelectorAll('.line')) seen.observe(line) // again is no news; one taken away leaves
}

/** Clicks on what the lines hold; the lines themselves come and go. */
function listenToLines(): void {
  desk.element.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return
    const line = event.target.closest<HTMLElement>('.line')
    if (line && event.target.closest('.star')) void acts.star(line)
    else if (line && event.target.closest('.restore')) void acts.restore(line)
    const link = event.target.closest<HTMLAnchorElement>('.shelves a')
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    void go(link.href, link.dataset.shelf)
  })
  desk.element.addEventListener('change', (event) => {
    if (!(event.target instanceof HTMLSelectElement)) return
    const url = event.target.selectedOptions[0]?.dataset.url
    if (url) void go(url).then(() => document.getElementById('sort')?.focus())
  })
}

/** To another view or order, without leaving the page; what cannot be read this way is opened. */
async function go(url: string, shelf?: string): Promise<void> {
  const found = await desk.show(url)
  if (found === 'overtaken') return
  if (found === 'absent') return location.assign(url)
  history.pushState(null, '', url)
  arrived()
  if (shelf) desk.element.querySelector<HTMLElement>(`.shelves [data-shelf="${shelf}"]`)?.focus({ preventScroll: true })
}

function arrived(): void {
  const filter = part<HTMLInputElement>('filter')
  filter.value = desk.text
  const field = filter.form?.querySelector<HTMLInputElement>('[name=view]')
  if (field) field.value = desk.shelf
  window.scrollTo({ top: 0, behavior: 'instant' })
}

function watchBrowser(): void {
  window.addEventListener('popstate', () => void desk.show(location.href).then(arrived))
  window.addEventListener('online', () => live.wake())
  window.addEventListener('offline', () => live.wake())
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return
    live.wake()
    void desk.refresh()
  })
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') live.wake()
  })
  setInterval(showTimes, TIMES_EVERY_MS)
}

/** The server greets by this clock at the next visit. */
function tellClock(): void {
  const minutes = -new Date().getTimezoneOffset()
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere, and asynchronous
  document.cookie = `coscribe_clock=${minutes}; path=/; max-age=31536000; samesite=lax`
}

listenToLines()
listenToKeys(desk, acts, toast)
mountLineMenus(desk.element, acts)
mountFilter(desk, () => step(desk, 1))
watchBrowser()
tellClock()
guardSignOut()
mountPerson()
live.connect()
const person = document.querySelector<HTMLMetaElement>('meta[name=coscribe-person]')?.content
if (person) void belongTo(person)
registerWorker()
