/** One group on the page of groups: a line that opens to its people. */
import { ChevronRight, Crown, Ellipsis, UserMinus } from 'lucide'
import { ApiError } from '../api'
import { confirmed, told } from '../ask'
import { initials } from '../collab/face'
import { h, icon } from '../dom'
import { mountMenu } from '../menu'
import { speaking } from '../strings'
import { groupsWords } from '../strings/groups'
import { type FullGroup, type Group, groupRequests, type Person } from './requests'

const t = speaking(groupsWords)

export interface CardOptions {
  /** The id of who looks at it. */
  person: string
  /** What was done, for those who do not see it. */
  say(sentence: string): void
  /** One is not in it any more, or it is no more. */
  gone(card: GroupCard, sentence: string): void
}

export class GroupCard {
  readonly element: HTMLElement
  private readonly name = h('span', { class: 'group-name', dir: 'auto' })
  private readonly about = h('span', { class: 'group-about' })
  private readonly head: HTMLButtonElement
  private readonly body = h('div', { class: 'group-body', hidden: true })

  constructor(
    public group: Group,
    private readonly options: CardOptions,
  ) {
    this.body.id = `group-${group.id}`
    this.head = h(
      'button',
      { type: 'button', class: 'group-head', 'aria-expanded': 'false', 'aria-controls': this.body.id },
      icon(ChevronRight),
      this.name,
      this.about,
    )
    this.head.addEventListener('click', () => (this.isOpen ? this.close() : void this.open()))
    this.element = h('section', { class: 'group', 'data-testid': 'group' }, h('h2', {}, this.head), this.body)
    this.paint()
  }

  get isOpen(): boolean {
    return this.head.getAttribute('aria-expanded') === 'true'
  }

  /** Reads who is in it, and shows them. */
  async open(focus?: 'add'): Promise<void> {
    const full = await this.attempt(() => groupRequests.read(this.group.id))
    if (full === null) return
    this.fill(full)
    this.head.setAttribute('aria-expanded', 'true')
    this.body.hidden = false
    if (focus) this.body.querySelector<HTMLElement>('.group-add input')?.focus()
  }

  private close(): void {
    this.head.setAttribute('aria-expanded', 'false')
    this.body.hidden = true
  }

  private paint(): void {
    const { name, mine, owner } = this.group
    this.name.textContent = name
    this.about.textContent = mine ? t('groups.mine') : t('groups.of', { name: owner.name })
  }

  private fill(full: FullGroup): void {
    this.group = full
    this.paint()
    const reach = full.documents === 0 ? t('groups.reach.none') : t('groups.reach', { n: full.documents })
    const facts = [t('groups.people', { n: full.people.length }), reach]
    const members = full.people.map((person) => this.member(full, person))
    const parts: HTMLElement[] = [
      h('p', { class: 'group-facts' }, facts.join(' · ')),
      h('ul', { class: 'group-people', 'aria-label': t('groups.members', { name: full.name }) }, ...members),
    ]
    if (full.mine) parts.push(this.adding())
    parts.push(this.acts(full))
    this.body.replaceChildren(...parts)
  }

  private member(full: FullGroup, person: Person): HTMLElement {
    const face = h('span', { class: 'face', 'aria-hidden': 'true', 'data-initials': initials(person.name) })
    face.style.setProperty('--c', person.color)
    const isOwner = person.id === full.owner.id
    const isSelf = person.id === this.options.person
    const name = h(
      'span',
      { class: 'group-person', dir: 'auto' },
      isSelf ? t('groups.you', { name: person.name }) : person.name,
    )
    const line = h('li', { 'data-testid': 'member' }, face, name)
    if (isOwner) line.append(h('span', { class: 'quiet' }, t('groups.owner')))
    if (!full.mine || isOwner) return line
    const more = h(
      'button',
      { type: 'button', class: 'button quiet group-more', 'aria-label': t('groups.acts', { name: person.name }) },
      icon(Ellipsis),
    )
    line.append(more)
    mountMenu(more, [
      { label: t('groups.handOver'), icon: icon(Crown), run: () => void this.handOver(person) },
      { label: t('groups.remove'), icon: icon(UserMinus), danger: true, run: () => void this.remove(person) },
    ])
    return line
  }

  private adding(): HTMLElement {
    const problem = h('p', { class: 'problem', role: 'alert', id: `group-${this.group.id}-problem` })
    const field = h('input', {
      class: 'field',
      dir: 'auto',
      maxlength: '254',
      required: '',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      placeholder: t('groups.who'),
      'aria-label': t('groups.who'),
      'aria-describedby': problem.id,
    })
    const form = h('form', { class: 'groups-form group-add' }, field, h('button', { class: 'button' }, t('groups.add')))
    form.append(problem)
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      try {
        const { person } = await groupRequests.add(this.group.id, field.value)
        await this.open('add')
        this.options.say(t('groups.added', { name: person.name, group: this.group.name }))
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        problem.textContent = error.detail
        field.setAttribute('aria-invalid', 'true')
        field.focus()
      }
    })
    return form
  }

  private acts(full: FullGroup): HTMLElement {
    const button = (label: string, look: string, act: () => void) =>
      h('button', { type: 'button', class: `button ${look}`, onclick: act }, label)
    const acts = h('div', { class: 'notice-actions group-acts' })
    if (full.mine) {
      acts.append(
        button(t('groups.rename'), '', () => this.askForName(acts)),
        button(t('groups.delete'), 'group-end', () => void this.delete(full)),
      )
    } else acts.append(button(t('groups.leave'), 'group-end', () => void this.leave()))
    return acts
  }

  // What is done

  /** A field in place of the buttons. */
  private askForName(acts: HTMLElement): void {
    const problem = h('p', { class: 'problem', role: 'alert' })
    const field = h('input', {
      class: 'field',
      dir: 'auto',
      maxlength: '80',
      required: '',
      'aria-label': t('groups.name'),
    })
    field.value = this.group.name
    const back = async (said?: string) => {
      await this.open()
      this.head.focus()
      if (said) this.options.say(said)
    }
    const form = h(
      'form',
      { class: 'groups-form' },
      field,
      h('button', { class: 'button main' }, t('groups.save')),
      problem,
    )
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      try {
        const { name } = await groupRequests.rename(this.group.id, field.value)
        await back(t('groups.renamed', { name }))
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        problem.textContent = error.detail
        field.setAttribute('aria-invalid', 'true')
        field.focus()
      }
    })
    form.addEventListener('keydown', (event) => event.key === 'Escape' && void back())
    acts.replaceWith(form)
    field.select()
  }

  private async handOver(person: Person): Promise<void> {
    const names = { name: person.name, group: this.group.name }
    const title = t('groups.handOver.title', names)
    if (!(await confirmed({ title, hint: t('groups.handOver.hint', names), yes: t('groups.handOver') }))) return
    await this.change(() => groupRequests.handOver(this.group.id, person.id), t('groups.handedOver', names))
  }

  private async remove(person: Person): Promise<void> {
    const names = { name: person.name, group: this.group.name }
    const title = t('groups.remove.title', names)
    const question = { title, hint: t('groups.remove.hint'), yes: t('groups.remove'), danger: true }
    if (!(await confirmed(question))) return
    await this.change(() => groupRequests.remove(this.group.id, person.id), t('groups.removed', names))
  }

  private async leave(): Promise<void> {
    const names = { group: this.group.name }
    const title = t('groups.leave.title', names)
    const question = { title, hint: t('groups.leave.hint'), yes: t('groups.leave'), danger: true }
    if (!(await confirmed(question))) return
    await this.end(() => groupRequests.remove(this.group.id, this.options.person), t('groups.left', names))
  }

  private async delete(full: FullGroup): Promise<void> {
    const names = { group: full.name }
    const { documents: n } = (await this.attempt(() => groupRequests.read(full.id))) ?? full // as it is now
    const hint = n === 0 ? t('groups.delete.none') : t('groups.delete.hint', { n })
    const title = t('groups.delete.title', names)
    if (!(await confirmed({ title, hint, yes: t('groups.delete'), danger: true }))) return
    await this.end(() => groupRequests.delete(full.id), t('groups.deleted', names))
  }

  private async change(act: () => Promise<unknown>, said: string): Promise<void> {
    if ((await this.attempt(act)) === null) return
    await this.open()
    this.head.focus()
    this.options.say(said)
  }

  private async end(act: () => Promise<unknown>, said: string): Promise<void> {
    if ((await this.attempt(act)) !== null) this.options.gone(this, said)
  }

  /** Does it; or says why it could not be done, and answers null. */
  private async attempt<T>(act: () => Promise<T>): Promise<T | null> {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      await told(this.group.name, error.detail)
      return null
    }
  }
}
