/** What a guest is told in place of the share dialog: how they came, what they may do, and the address. */
import { copyText, h } from '../dom'
import { t } from '../strings'
import type { ShareContext } from './share'
import { say } from './words'

export function guestParts({ page, role }: ShareContext, tell: (sentence: string) => void): HTMLElement[] {
  const now = role()
  const can = now === 'owner' ? 'editor' : now
  const copy = async () => tell((await copyText(location.href)) ? t('share.linkCopied') : location.href)
  return [
    h('p', {}, say(`share.guest.${can}`, { name: page.person.name })),
    h('p', { class: 'quiet' }, say('share.guest.hint')),
    h(
      'div',
      { class: 'notice-actions' },
      h('button', { type: 'button', class: 'button main', onclick: () => void copy() }, t('share.copyLink')),
      h('a', { class: 'button', href: page.urls.signUp }, t('menu.guest.signUp')),
      h('a', { class: 'button quiet', href: page.urls.signIn }, t('menu.guest.signIn')),
    ),
  ]
}
