/** The bell in the header: how many notices are unread, live where a socket says so; the inbox itself is loaded later. */
import { whenAskedFor } from '../editor/parts'
import { t } from '../strings'

export interface Bell {
  /** So many are unread now. */
  show(unread: number): void
}

const MOST = 99

/** Makes the bell of the page's header work. A page without one (a guest's) has a bell that rings for nobody. */
export function mountBell(): Bell {
  const button = document.querySelector<HTMLButtonElement>('#inbox-open')
  if (button === null) return { show: () => {} }
  let unread = Number(button.dataset.unread)
  let refresh = () => {}
  const paint = () => {
    const count = button.querySelector('.bell-count')
    if (count) count.textContent = unread === 0 ? '' : unread > MOST ? `${MOST}+` : String(unread)
    button.dataset.unread = String(unread)
    button.setAttribute('aria-label', unread === 0 ? t('bell') : t('bell.unread', { n: unread }))
  }
  const bell: Bell = {
    show(now) {
      if (now === unread) return
      const more = now > unread
      const news = document.getElementById('inbox-news')
      if (news) news.textContent = more ? t('bell.unread', { n: now }) : ''
      unread = now
      paint()
      if (more) refresh()
    },
  }
  const open = () =>
    whenAskedFor(import('./inbox'), ({ mountInbox }) => {
      if (button.popoverTargetElement !== null) return // pressed twice while it was on its way
      button.removeEventListener('click', open)
      const inbox = mountInbox(button, bell)
      refresh = inbox.refresh
      inbox.open()
    })
  button.addEventListener('click', open)
  paint()
  return bell
}
