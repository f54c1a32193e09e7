/** The people in the header: a button per person with a card, the rest behind "+N"; oneself is left out. */

import { type Card, mountCard } from '../card'
import { calledOf } from '../collab/called'
import { initials } from '../collab/presence'
import { h } from '../dom'
import { type Menu, mountMenu } from '../menu'
import type { Company, Member } from '../people/company'
import { t } from '../strings'

const FACES_SHOWN = 4
const FACES_SHOWN_ON_PHONE = 1
const PHONE = '(max-width: 40rem)'

export interface FacesOptions {
  company: Company
  /** What somebody does, in words: "Typing in “Before Friday”". */
  describe(member: Member): string
  /** A face was pressed. */
  choose(id: string): void
}

export interface Faces {
  /** Whom this page follows; null: nobody. */
  follow(id: string | null): void
  destroy(): void
}

/** Keeps `element` in step with the company; faces stay the same elements, so that the focus stays on them. */
export function mountFaces(element: HTMLElement, { company, describe, choose }: FacesOptions): Faces {
  const shown = new Map<string, { button: HTMLButtonElement; card: Card }>()
  const more = h('button', { type: 'button', class: 'face more', 'data-testid': 'faces-more' })
  const phone = window.matchMedia(PHONE)
  let followed: string | null = null
  element.append(more)
  const menu: Menu = mountMenu(more, () =>
    company.members.map((member) => ({
      label: `${calledOf(member)}: ${describe(member)}`,
      icon: dot(member.color),
      run: () => choose(member.id),
    })),
  )

  const add = (member: Member) => {
    const button = h('button', {
      type: 'button',
      class: 'face',
      'data-testid': 'face',
      onmousedown: (event) => event.preventDefault(), // the caret stays in the text
      onclick: () => choose(member.id),
    })
    button.dataset.person = member.id
    const card = mountCard(button, () => {
      const now = company.find(member.id)
      if (now === undefined) return []
      const hint = now.cursor === null ? [] : [h('span', { class: 'card-hint' }, t('people.hint'))]
      const mark = now.guest ? [h('span', { class: 'guest-mark' }, t('people.guest.mark'))] : []
      return [h('b', {}, now.name, ...mark), h('span', {}, describe(now)), ...hint]
    })
    const made = { button, card }
    shown.set(member.id, made)
    return made
  }
  const show = () => {
    const { members } = company
    const limit = phone.matches ? FACES_SHOWN_ON_PHONE : FACES_SHOWN
    const first = members.length <= limit + 1 ? members : members.slice(0, limit)
    for (const [id, { button, card }] of shown) {
      if (first.some((member) => member.id === id)) continue
      card.destroy()
      button.remove()
      shown.delete(id)
    }
    first.forEach((member, index) => {
      const { button, card } = shown.get(member.id) ?? add(member)
      paint(button, member)
      button.setAttribute('aria-pressed', String(followed === member.id))
      if (element.children[index] !== button) element.insertBefore(button, element.children[index] ?? null)
      card.refresh()
    })
    const rest = members.length - first.length
    more.hidden = rest === 0
    more.dataset.initials = `+${rest}`
    more.setAttribute('aria-label', t('people.all', { n: members.length }))
    if (more.hidden) menu.close()
  }
  const stop = company.onChange(show)
  phone.addEventListener('change', show)
  show()
  return {
    follow(id) {
      followed = id
      show()
    },
    destroy() {
      stop()
      phone.removeEventListener('change', show)
      menu.destroy()
      for (const { card } of shown.values()) card.destroy()
      element.replaceChildren()
    },
  }
}

/** A face that only shows: in a list of people. */
export function faceElement(person: { name: string; color: string }): HTMLElement {
  const face = h('span', { class: 'face', role: 'img', title: person.name, 'aria-label': person.name })
  face.textContent = initials(person.name)
  face.style.setProperty('--c', person.color)
  return face
}

function paint(button: HTMLButtonElement, member: Member): void {
  const { color, idle, doing } = member
  const name = calledOf(member)
  button.dataset.initials = initials(member.name) // a picture of the name: nobody says "A B" to press it
  button.setAttribute('aria-label', idle ? t('people.idle', { name }) : name)
  button.style.setProperty('--c', color)
  button.classList.toggle('idle', idle)
  button.classList.toggle('guest', member.guest === true)
  button.classList.toggle('typing', doing === 'typing')
}

function dot(color: string): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('class', 'icon dot')
  svg.setAttribute('aria-hidden', 'true')
  svg.style.setProperty('--c', color)
  const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
  for (const name of ['cx', 'cy']) circle.setAttribute(name, '12')
  circle.setAttribute('r', '7')
  svg.append(circle)
  return svg
}
