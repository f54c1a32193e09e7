/** What waits for an answer: people who ask, invitations nobody has used yet, and the offer of ownership. */
import { Mail, X } from 'lucide'
import { safeColor } from '../collab/face'
import { h, icon } from '../dom'
import { faceElement } from '../header/faces'
import { t } from '../strings'
import { dayOf } from './expiry'
import { whoElement } from './people'
import type { AccessRequest, Invitation, LesserRole, LinkRole, Offer } from './shares'
import { say } from './words'

const ANSWERS: LesserRole[] = ['viewer', 'commenter', 'editor']

export interface RequestRow {
  key: string
  asked: AccessRequest
}

/** Somebody who asks, with an answer a click. */
export function requestElement({ asked }: RequestRow, answer: (role: LinkRole) => void): HTMLLIElement {
  const { person, role, words } = asked
  const button = (to: LinkRole) =>
    h(
      'button',
      {
        type: 'button',
        class: to === role ? 'button main' : to === null ? 'button quiet' : 'button',
        'data-act': to ?? 'decline',
        onclick: () => answer(to),
      },
      say(to === null ? 'share.answer.decline' : `share.answer.${to}`),
    )
  const label = say('share.answer', { name: person.name })
  const answers = h('div', { class: 'share-answers', role: 'group', 'aria-label': label }, ...ANSWERS.map(button))
  answers.append(button(null))
  const line = h('div', { class: 'share-line' }, faceElement({ name: person.name, color: safeColor(person.color) }))
  line.append(whoElement(say(`share.request.${role}`, { name: person.name }), []))
  const element = h('li', {}, line)
  if (words !== '') element.append(h('p', { class: 'share-words', dir: 'auto' }, words))
  element.append(answers)
  return element
}

export interface InvitationRow {
  key: string
  invitation: Invitation
}

export function invitationElement({ invitation }: InvitationRow, revoke: () => void): HTMLLIElement {
  const { email, role, made_by: maker, expires_at: end } = invitation
  const date = dayOf(new Date(end))
  const why = invitation.void
    ? say('share.pending.void', { name: maker.name })
    : say('share.pending.until', { name: maker.name, date })
  const who = whoElement(email || say('share.pending.anyone'), [why])
  const label = email === '' ? say('share.pending.revoke.anyone') : say('share.pending.revoke', { email })
  const line = h('div', { class: 'share-line' }, h('span', { class: 'face envelope' }, icon(Mail)), who)
  line.append(h('span', { class: 'role still' }, t(`role.${role}`)))
  line.append(
    h(
      'button',
      { type: 'button', class: 'tool', 'aria-label': label, title: label, 'data-act': 'revoke', onclick: revoke },
      icon(X),
    ),
  )
  const element = h('li', {}, line)
  element.classList.toggle('void', invitation.void)
  return element
}

/** What the receiver of an offer sees, in the dialog and over the page. */
export function offerParts(offer: Offer, answer: (accepts: boolean) => void): HTMLElement[] {
  const { name } = offer.by
  return [
    h(
      'div',
      { class: 'notice-lines' },
      h('p', {}, say('share.offer.toYou', { name })),
      h('p', { class: 'quiet' }, say('share.offer.toYou.hint', { name })),
    ),
    h(
      'div',
      { class: 'notice-actions' },
      h(
        'button',
        { type: 'button', class: 'button main', 'data-act': 'accept', onclick: () => answer(true) },
        say('share.offer.accept'),
      ),
      h(
        'button',
        { type: 'button', class: 'button', 'data-act': 'refuse', onclick: () => answer(false) },
        say('share.offer.refuse'),
      ),
    ),
  ]
}
