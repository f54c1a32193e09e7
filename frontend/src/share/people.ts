/** The list of who has access and why, and what an owner does with each. */
import { ChevronDown, Users } from 'lucide'
import { safeColor } from '../collab/face'
import { ROLES, type Role } from '../collab/wire'
import { h, icon } from '../dom'
import { faceElement } from '../header/faces'
import { type MenuEntry, mountMenu } from '../menu'
import { t } from '../strings'
import type { Reached, Share, Standing } from './shares'
import { say } from './words'

/** One line of the list. */
export interface PersonRow {
  key: string
  share: Share
  /** What stands below the name. */
  details: string[]
  /** The only owner: nothing can be changed. */
  fixed: boolean
  offered: boolean
  manage: boolean
  /** Who reaches the document through this group. */
  members: Reached[]
}

export interface PeopleActs {
  revise(share: Share, role: Role): void
  remove(share: Share): void
  leave(share: Share): void
  offer(share: Share): void
  withdraw(): void
}

/** What the list shows; `here` are the ids of those who are in the document now. */
export function rowsOf(standing: Standing, here: ReadonlySet<string>): PersonRow[] {
  const { shares, manage, offer, next } = standing
  const reached = new Map(standing.reached.map((person) => [person.id, person]))
  const owners = shares.filter(({ role }) => role === 'owner')
  return shares.map((share) => {
    const isPerson = share.kind === 'user'
    const fixed = isPerson && share.role === 'owner' && owners.length === 1 && (next === '' || shares.length > 1)
    const details: string[] = []
    if (share.you) details.push(say('share.you'))
    if (fixed && manage) details.push(say('share.onlyOwner'))
    if (!share.you && isPerson && here.has(share.id)) details.push(t('people.here'))
    if (isPerson) details.push(...roadsOf(share, reached.get(share.id)))
    else details.push(say('share.people', { n: share.people ?? 0 }))
    if (isPerson && offer?.to.id === share.id) details.push(say('share.offered'))
    if (share.username) details.push(`@${share.username}`)
    const members = isPerson ? [] : standing.reached.filter((person) => comesThrough(person, share.name))
    return { key: share.holder, share, details, fixed, manage, members, offered: isPerson && offer?.to.id === share.id }
  })
}

/** How somebody who is named gets in besides: through a group, perhaps with a higher role. */
function roadsOf(share: Share, person: Reached | undefined): string[] {
  const groups = person?.whys.filter(({ kind }) => kind === 'group') ?? []
  return groups.map(({ role, via: group }) =>
    ROLES.indexOf(role) > ROLES.indexOf(share.role)
      ? say('share.through', { role: t(`role.${role}`), group })
      : say('share.also', { group }),
  )
}

const comesThrough = (person: Reached, group: string): boolean =>
  person.whys.some(({ kind, via }) => kind === 'group' && via === group)

export function personElement(row: PersonRow, acts: PeopleActs): HTMLLIElement {
  const { share, members } = row
  const who = whoElement(share.name, row.details)
  const line = h('div', { class: 'share-line' }, pictureOf(share), who)
  const element = h('li', {}, line)
  element.dataset.person = share.id
  if (members.length > 0) unfold(share, members, who, element)
  if (row.manage && !row.fixed) line.append(...roleButton(row, acts))
  else line.append(h('span', { class: 'role still' }, t(`role.${share.role}`)))
  if (!row.manage && share.you) line.append(leaveButton(share, acts))
  return element
}

export function whoElement(name: string, details: string[]): HTMLElement {
  const who = h('span', { class: 'who' }, h('b', { dir: 'auto' }, name))
  if (details.length > 0) who.append(h('small', { title: details.join(' · ') }, details.join(' · ')))
  return who
}

function pictureOf(share: Share): HTMLElement {
  if (share.kind === 'user') return faceElement({ name: share.name, color: safeColor(share.color) })
  return h('span', { class: 'face more' }, icon(Users))
}

/** The role with a chevron, and all that can be done below it. */
function roleButton(row: PersonRow, acts: PeopleActs): HTMLElement[] {
  const { share } = row
  const role = t(`role.${share.role}`)
  const label = say('share.roleOf', { name: share.name, role })
  const button = h('button', { type: 'button', class: 'role', 'aria-label': label, 'data-act': 'role' }, role)
  const place = h('span', { class: 'share-role' }, button)
  mountMenu(button, () => entriesOf(row, acts))
  return [place]
}

function entriesOf({ share, offered }: PersonRow, acts: PeopleActs): MenuEntry[] {
  const items = ROLES.map((role) => ({
    label: t(`role.${role}`),
    checked: role === share.role,
    // What is checked here may be another owner's past: to choose it says it anew.
    run: () => (share.you && role === share.role) || acts.revise(share, role),
  }))
  const entries: MenuEntry[] = [{ group: say('share.role'), items }, 'separator']
  if (offered) entries.push({ label: say('share.offer.withdraw'), run: () => acts.withdraw() })
  else if (share.kind === 'user' && share.role !== 'owner')
    entries.push({ label: say('share.offer'), run: () => acts.offer(share) })
  if (share.you) entries.push({ label: say('share.leave'), danger: true, run: () => acts.leave(share) })
  else entries.push({ label: say('share.remove'), danger: true, run: () => acts.remove(share) })
  return entries
}

function leaveButton(share: Share, acts: PeopleActs): HTMLElement {
  const leave = () => acts.leave(share)
  return h('button', { type: 'button', class: 'button', 'data-act': 'leave', onclick: leave }, say('share.leave'))
}

/** Makes the words on a group a button that shows who is in it. */
function unfold(share: Share, members: Reached[], who: HTMLElement, element: HTMLElement): void {
  const name = say('share.people.show', { name: share.name })
  const list = h('ul', { class: 'share-members', 'aria-label': name })
  for (const { name: member, role } of members)
    list.append(h('li', {}, h('span', { dir: 'auto' }, member), h('span', { class: 'quiet' }, t(`role.${role}`))))
  list.hidden = true
  const words = who.querySelector('small')
  const button = h(
    'button',
    { type: 'button', class: 'share-who', 'aria-expanded': 'false', title: name, 'data-act': 'people' },
    words?.textContent ?? '',
    icon(ChevronDown),
  )
  button.addEventListener('click', () => {
    list.hidden = !list.hidden
    button.setAttribute('aria-expanded', String(!list.hidden))
  })
  words?.removeAttribute('title')
  words?.replaceChildren(button)
  element.append(list)
}
