/** Adding people: one name or a pasted list, with suggestions, a role for all, and what became of each. */
import { Link2, Users } from 'lucide'
import type { ApiError } from '../api'
import { safeColor } from '../collab/face'
import type { Role } from '../collab/wire'
import { h, icon } from '../dom'
import { faceElement } from '../header/faces'
import { t } from '../strings'
import { addressElement } from './address'
import { Chips } from './chips'
import { mountCombobox } from './combobox'
import { dayOf } from './expiry'
import { namesIn } from './names'
import type { Added, Changed, LesserRole, ShareRequests, Suggestion } from './shares'
import { say } from './words'

const ROLES: LesserRole[] = ['viewer', 'commenter', 'editor']
const SENTENCES_SHOWN = 3

/** Carries out a change and shows its receipt; says whether it was made. */
export type Act = (change: () => Promise<Done>, onRefused?: (error: ApiError) => boolean) => Promise<boolean>
export type Done = Changed & { sentence: string; saysNobody?: boolean }

export class AddForm {
  readonly element: HTMLElement
  readonly input = h('input', {
    name: 'people',
    type: 'text',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    dir: 'auto',
    enterkeyhint: 'done',
    'aria-label': say('share.person'),
    'aria-describedby': 'share-names-problem',
    'data-testid': 'share-person',
  })
  private readonly chips = new Chips(() => this.changed(true))
  private readonly role: HTMLSelectElement
  private readonly problem = h('div', { class: 'problem', role: 'alert', id: 'share-names-problem' })
  private readonly answers = h('ul', { class: 'share-results', 'data-testid': 'share-results' })
  private readonly closeList: () => void

  constructor(
    private readonly requests: ShareRequests,
    private readonly act: Act,
  ) {
    const options = ROLES.map((role) => h('option', { value: role }, t(`role.${role}`)))
    this.role = h('select', { class: 'role', 'aria-label': say('share.role'), 'data-testid': 'share-role' }, ...options)
    this.role.value = 'editor'
    const box = h('div', { class: 'field share-names' }, this.chips.element, this.input)
    box.addEventListener('click', (event) => event.target === box && this.input.focus())
    const form = h(
      'form',
      { class: 'share-add' },
      box,
      this.role,
      h('button', { class: 'button main' }, say('share.add')),
    )
    const invite = () => void this.invite()
    const button = h('button', { type: 'button', class: 'button quiet share-invite', onclick: invite })
    button.append(icon(Link2), say('share.invite'))
    this.element = h('div', { class: 'share-adding' }, form, this.problem, this.answers, button)
    this.closeList = mountCombobox<Suggestion>(this.input, box, {
      label: say('share.suggestions'),
      find: (text) => requests.suggestions(text),
      show: (found) => ({ label: found.name, hint: hintOf(found), lead: leadOf(found) }),
      choose: ({ text, name }) => this.take([{ text, name }]),
    })
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.add()
    })
    this.changed(false)
    this.listen()
  }

  /** What was done before is no longer news. */
  clear(): void {
    this.answers.replaceChildren()
    this.hush()
  }

  private listen(): void {
    const { input } = this
    input.addEventListener('input', () => {
      this.hush()
      if (/[,;]/.test(input.value)) this.takeTyped()
    })
    input.addEventListener('paste', (event) => {
      const pasted = namesIn(event.clipboardData?.getData('text/plain') ?? '')
      if (pasted.length < 2) return // one name is typed on
      event.preventDefault() // the field would join the lines
      this.takeTyped()
      this.take(pasted.map((text) => ({ text, name: text })))
    })
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Backspace' && input.value === '') this.chips.removeLast()
    })
  }

  private takeTyped(): void {
    this.take(namesIn(this.input.value).map((text) => ({ text, name: text })))
  }

  private take(chips: { text: string; name: string }[]): void {
    this.chips.add(...chips)
    this.input.value = ''
    this.changed(true)
  }

  private changed(focus: boolean): void {
    this.input.placeholder = this.chips.texts.length === 0 ? say('share.person') : ''
    if (!focus) return
    this.hush()
    this.input.focus()
  }

  private async add(): Promise<void> {
    this.closeList()
    const typed = namesIn(this.input.value)
    const people = [...new Set([...this.chips.texts, ...typed])]
    if (people.length === 0) return this.input.focus()
    await this.act(
      async () => {
        const { added, change } = await this.requests.add(people, this.role.value as Role)
        this.empty() // at once: until the list is read again one may have gone on
        this.showResults(resultsOf(added))
        return { change, sentence: summaryOf(added) }
      },
      (error) => this.refuse(error),
    )
  }

  private empty(): void {
    this.chips.clear()
    this.input.value = ''
    this.changed(this.element.contains(document.activeElement))
    this.hush()
  }

  /** Shows what is wrong with which name; says whether that was it. */
  private refuse(error: ApiError): boolean {
    const reasons = Object.entries(error.refused)
    if (reasons.length === 0 && error.field !== 'people') return false
    this.chips.refuse(new Set(Object.keys(error.refused)))
    if (reasons.length > 1) {
      const lines = reasons.slice(0, 20).map(([, reason]) => h('li', {}, reason))
      this.problem.replaceChildren(h('p', {}, say('share.refused')), h('ul', {}, ...lines))
    } else this.problem.textContent = reasons[0]?.[1] ?? error.detail
    this.input.setAttribute('aria-invalid', 'true')
    this.input.focus()
    return true
  }

  /** An invitation for nobody in particular, to be handed on. */
  private async invite(): Promise<void> {
    const role = this.role.value as LesserRole
    await this.act(async () => {
      const { change, invitation, address } = await this.requests.invite(role)
      const date = dayOf(new Date(invitation.expires_at))
      const sentence = say('share.invite.made', { role: t(`role.${role}`), date })
      const label = say('share.address.anyone')
      this.showResults([h('li', {}, h('p', {}, sentence), addressElement(label, address ?? ''))])
      this.answers.querySelector('button')?.focus()
      return { change, sentence: say('share.done') }
    })
  }

  /** Addresses stay as long as the dialog is open: they are told only once. */
  private showResults(results: HTMLElement[]): void {
    for (const before of this.answers.querySelectorAll('li:not(:has(.share-address))')) before.remove()
    this.answers.prepend(...results)
  }

  private hush(): void {
    this.problem.replaceChildren()
    this.input.removeAttribute('aria-invalid')
  }
}

const hintOf = ({ kind, name, text }: Suggestion): string => (kind === 'user' && text !== name ? text : '')

function leadOf({ kind, name, color }: Suggestion): HTMLElement {
  const face =
    kind === 'user' ? faceElement({ name, color: safeColor(color) }) : h('span', { class: 'face more' }, icon(Users))
  face.setAttribute('aria-hidden', 'true') // the name is beside it
  return face
}

/** What has to be read of single names: links to hand on, and who was left as they are among many. */
function resultsOf(added: Added[]): HTMLElement[] {
  const withAddress = added.filter(({ address }) => address !== null)
  const results = withAddress.map(({ sentence, address, invitation, text }) =>
    h(
      'li',
      {},
      h('p', {}, sentence),
      addressElement(say('share.address', { email: invitation?.email || text }), address ?? ''),
    ),
  )
  if (results.length > 0) results.push(h('li', { class: 'quiet' }, say('share.handOn')))
  if (added.length <= SENTENCES_SHOWN) return results
  const unchanged = added.filter(({ outcome }) => outcome === 'unchanged')
  return [...results, ...unchanged.map(({ sentence }) => h('li', {}, sentence))]
}

/** A few names each with their sentence, many in numbers. */
export function summaryOf(added: Added[]): string {
  if (added.length <= SENTENCES_SHOWN) return added.map(({ sentence }) => sentence).join(' ')
  const count = (...outcomes: string[]) => added.filter(({ outcome }) => outcomes.includes(outcome)).length
  const parts = [
    ['share.added', count('granted', 'changed')],
    ['share.invited', count('invited')],
    ['share.unchanged', count('unchanged')],
  ] as const
  return parts.flatMap(([key, n]) => (n > 0 ? [say(key, { n })] : [])).join(' ')
}
