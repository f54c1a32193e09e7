/** The menu of a line, made when it is first wanted: a thousand lines need no thousand menus. */
import { Copy, ExternalLink, Link, PenLine, RotateCcw, Star, StarOff, Trash2 } from 'lucide'
import { icon } from '../dom'
import { type MenuEntry, mountMenu } from '../menu'
import { t } from '../strings'
import type { Acts } from './acts'
import { isStarred } from './line'
import { say } from './words'

export function mountLineMenus(desk: HTMLElement, acts: Acts): void {
  const made = new WeakSet<HTMLButtonElement>()
  const make = (event: Event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLButtonElement>('button.more') : null
    const line = button?.closest<HTMLElement>('.line')
    if (!button || !line || made.has(button)) return
    made.add(button)
    mountMenu(button, () => entriesOf(line, acts))
  }
  for (const sign of ['pointerover', 'focusin', 'pointerdown']) desk.addEventListener(sign, make)
}

function entriesOf(line: HTMLElement, acts: Acts): MenuEntry[] {
  if (acts.isTrash) {
    return [
      { label: say('home.restore'), icon: icon(RotateCcw), run: () => void acts.restore(line) },
      'separator',
      { label: say('home.deleteForGood'), icon: icon(Trash2), danger: true, run: () => void acts.deleteForGood(line) },
    ]
  }
  const starred = isStarred(line)
  const entries: MenuEntry[] = [
    { label: say('home.open'), icon: icon(ExternalLink), keys: 'Enter', run: () => acts.open(line) },
  ]
  if (acts.mayRename(line)) {
    entries.push({ label: say('home.rename'), icon: icon(PenLine), keys: 'F2', run: () => acts.rename(line) })
  }
  entries.push(
    {
      label: say(starred ? 'home.unstar' : 'home.addStar'),
      icon: icon(starred ? StarOff : Star),
      keys: 's',
      run: () => void acts.star(line),
    },
    { label: say('home.duplicate'), icon: icon(Copy), run: () => void acts.duplicate(line) },
    { label: t('share.copyLink'), icon: icon(Link), run: () => void acts.copyLink(line) },
  )
  if (acts.mayTrash(line)) {
    entries.push('separator', {
      label: say('home.trash'),
      icon: icon(Trash2),
      keys: '#',
      danger: true,
      run: () => void acts.trash(line),
    })
  }
  return entries
}
