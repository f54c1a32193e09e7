/** The document's own menu: what is done with it as a whole, and the ways out of it. */
import {
  Copy,
  Download,
  House,
  Keyboard,
  ListTree,
  LogIn,
  LogOut,
  Pencil,
  Printer,
  Search,
  Star,
  Trash2,
  UserPen,
  UserRound,
} from 'lucide'
import { ApiError, request } from '../api'
import { confirmed, told } from '../ask'
import { mayWrite } from '../collab/wire'
import { icon } from '../dom'
import type { Desk, Feature } from '../editor/features'
import { openFind } from '../editor/find'
import { showHelp } from '../editor/help'
import { keysFor } from '../editor/keys'
import { whenAskedFor } from '../editor/parts'
import { type MenuEntry, mountMenu } from '../menu'
import { part } from '../page'
import { t } from '../strings'

const FORMATS = ['markdown', 'html', 'text'] as const

export const mountDocumentMenu: Feature = (desk) => {
  const button = part<HTMLButtonElement>('menu-open')
  const menu = mountMenu(button, () => entries(desk))
  button.disabled = false
  return () => {
    button.disabled = true
    menu.destroy()
  }
}

function entries(desk: Desk): MenuEntry[] {
  const { editor, page, provider } = desk
  const { urls } = page
  const own: MenuEntry[] = []
  if (mayWrite(provider.role)) own.push({ label: t('menu.rename'), icon: icon(Pencil), run: rename })
  if (page.person.guest) own.push(name(desk))
  else own.push(...kept(desk))
  const look: MenuEntry[] = [
    { label: t('menu.find'), icon: icon(Search), keys: keysFor('Mod-F'), run: () => openFind(editor) },
    { label: t('menu.print'), icon: icon(Printer), keys: keysFor('Mod-P'), run: () => window.print() },
    { label: t('menu.help'), icon: icon(Keyboard), keys: '?', run: () => showHelp() },
  ]
  if (part('outline').hasAttribute('popover') && !part('outline').hidden) {
    look.unshift({ label: t('outline.title'), icon: icon(ListTree), run: () => part('outline').showPopover() })
  }
  const files = FORMATS.map((format) => ({
    label: t(`menu.download.${format}`),
    icon: icon(Download),
    href: `${urls.export}?format=${format}`,
  }))
  const leave = () => part<HTMLFormElement>('sign-out').requestSubmit()
  const ways: MenuEntry[] = page.person.guest
    ? [
        { label: t('menu.guest.signIn'), icon: icon(LogIn), href: urls.signIn },
        { label: t('menu.guest.signUp'), icon: icon(UserRound), href: urls.signUp },
        { label: t('menu.guest.leave'), icon: icon(LogOut), run: leave },
      ]
    : [
        { label: t('menu.home'), icon: icon(House), href: urls.home },
        { label: t('menu.account'), icon: icon(UserRound), href: urls.account },
        { label: t('menu.signOut'), icon: icon(LogOut), run: leave },
      ]
  const end: MenuEntry[] =
    provider.role === 'owner'
      ? [{ label: t('menu.trash'), icon: icon(Trash2), danger: true, run: () => void trash(desk) }]
      : []
  return divided([own, look, files, end, ways])
}

/** What somebody with an account keeps of the document: a star, a copy. */
function kept({ page }: Desk): MenuEntry[] {
  const { urls } = page
  const { starred } = page.document
  const star = () =>
    attempt(async () => {
      await request(starred ? 'DELETE' : 'PUT', `${urls.api}star/`)
      page.document.starred = !starred
      part('live').textContent = t(starred ? 'menu.unstarred' : 'menu.starred')
    })
  const copy = () =>
    attempt(async () => {
      const made = await request<{ url: string }>('POST', `${urls.api}copies/`)
      location.assign(made.url)
    })
  return [
    { label: t(starred ? 'menu.unstar' : 'menu.star'), icon: icon(Star), run: star },
    { label: t('menu.copy'), icon: icon(Copy), run: copy },
  ]
}

const name = ({ page, provider }: Desk): MenuEntry => ({
  label: t('menu.guest.rename'),
  icon: icon(UserPen),
  run: () => whenAskedFor(import('./guest'), ({ askForName }) => askForName(page, provider.awareness)),
})

const divided = (parts: MenuEntry[][]): MenuEntry[] =>
  parts.filter((part) => part.length > 0).flatMap((part, index) => (index > 0 ? ['separator', ...part] : part))

function rename(): void {
  const title = part<HTMLInputElement>('title')
  title.focus()
  title.select()
}

async function trash({ page }: Desk): Promise<void> {
  const question = { title: t('menu.trash.title'), hint: t('menu.trash.hint'), yes: t('menu.trash.confirm') }
  if (!(await confirmed({ ...question, danger: true }))) return
  await attempt(async () => {
    await request('DELETE', page.urls.api)
    location.assign(page.urls.home)
  })
}

/** Does it, or says why it could not be done. */
async function attempt(act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem
    await told(t('menu.failed'), problem.detail)
  }
}
