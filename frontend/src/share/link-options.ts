/** The settings of a link that is open: its end, its password, and a new address. */
import { ChevronDown, RefreshCw } from 'lucide'
import { confirmed } from '../ask'
import { h, icon } from '../dom'
import { t } from '../strings'
import type { Act } from './add'
import { asField, endOf, fromField, SPANS, type Span, shortly } from './expiry'
import { Rows } from './rows'
import type { Link, ShareRequests } from './shares'
import { say } from './words'

const PASSWORD_LETTERS = { least: '6', most: '128' }

interface Row {
  key: 'ends' | 'password' | 'rotate'
  says: string | boolean | null
}

export class LinkOptions {
  readonly element = h('div', { class: 'share-options', id: 'share-options' })
  readonly button: HTMLButtonElement
  private readonly rows = new Rows<Row>(this.element, (row) => this.make(row.key))
  private link: Link | null = null
  private isOpen = false

  constructor(
    private readonly requests: ShareRequests,
    private readonly act: Act,
    private readonly onChanged: (link: Link) => void,
  ) {
    this.button = h(
      'button',
      { type: 'button', class: 'button quiet share-unfold', 'aria-controls': 'share-options', 'data-act': 'settings' },
      say('share.link.settings'),
      icon(ChevronDown),
    )
    this.button.addEventListener('click', () => this.unfold(!this.isOpen))
    this.unfold(false)
  }

  show(link: Link): void {
    this.link = link
    if (link.role === null) this.unfold(false)
    this.rows.show([
      { key: 'ends', says: link.expires_at },
      { key: 'password', says: link.has_password },
      { key: 'rotate', says: null },
    ])
    this.element.hidden = !this.isOpen
  }

  private unfold(open: boolean): void {
    this.isOpen = open
    this.element.hidden = !open
    this.button.setAttribute('aria-expanded', String(open))
  }

  private make(key: Row['key']): HTMLElement {
    if (key === 'ends') return this.ends()
    return key === 'password' ? this.password() : this.rotation()
  }

  /** Sets one thing and leaves the rest as it is. */
  private set(change: { expires_at?: string | null; password?: string | null }, sentence: string): Promise<boolean> {
    const { role = null, expires_at = null } = this.link ?? {}
    return this.act(async () => {
      const { link, change: id } = await this.requests.setLink({ role, expires_at, ...change })
      this.onChanged(link)
      return { change: id, sentence }
    })
  }

  private ends(): HTMLElement {
    const end = this.link?.expires_at ?? null
    const spans = Object.keys(SPANS) as Span[]
    const select = h(
      'select',
      { class: 'role', id: 'share-ends', 'data-act': 'ends' },
      ...(end === null ? [] : [h('option', { value: 'kept', dir: 'auto' }, shortly(new Date(end)))]),
      h('option', { value: 'never' }, say('share.ends.never')),
      ...spans.map((span) => h('option', { value: span }, say(`share.ends.${span}`))),
      h('option', { value: 'at' }, say('share.ends.at')),
    )
    const row = option(h('label', { for: 'share-ends' }, say('share.ends')), select)
    const exact = this.exactEnd()
    exact.hidden = true
    row.append(exact)
    select.addEventListener('change', async () => {
      exact.hidden = select.value !== 'at'
      if (!exact.hidden) exact.querySelector('input')?.focus()
      else if (select.value !== 'kept') {
        const until = select.value === 'never' ? null : endOf(select.value as Span, new Date())
        if (!(await this.setEnd(until))) select.selectedIndex = 0
      }
    })
    return row
  }

  private exactEnd(): HTMLFormElement {
    const field = h('input', {
      class: 'field',
      type: 'datetime-local',
      required: true,
      min: asField(new Date()),
      'aria-label': say('share.ends.time'),
    })
    field.value = asField(endOf('day', new Date()))
    const form = h(
      'form',
      { class: 'share-option-form' },
      field,
      h('button', { class: 'button' }, say('share.ends.set')),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const moment = fromField(field.value)
      if (moment !== null) void this.setEnd(moment)
    })
    return form
  }

  private setEnd(end: Date | null): Promise<boolean> {
    const sentence = end === null ? say('share.ends.off') : say('share.ends.on', { date: shortly(end) })
    return this.set({ expires_at: end?.toISOString() ?? null }, sentence)
  }

  private password(): HTMLElement {
    const has = this.link?.has_password === true
    const form = this.newPassword()
    form.hidden = true
    const open = () => {
      form.hidden = !form.hidden
      if (!form.hidden) form.querySelector('input')?.focus()
    }
    const button = (label: string, act: string, onclick: () => void) =>
      h('button', { type: 'button', class: 'button', 'data-act': act, onclick }, label)
    const remove = () => void this.set({ password: null }, say('share.password.gone'))
    const controls = has
      ? [
          h('span', {}, say('share.password.is')),
          button(say('share.password.change'), 'password', open),
          button(say('share.password.remove'), 'unlock', remove),
        ]
      : [button(say('share.password.set'), 'password', open)]
    return option(h('span', {}, say('share.password')), ...controls, form)
  }

  private newPassword(): HTMLFormElement {
    const field = h('input', {
      class: 'field',
      name: 'password',
      required: true,
      minlength: PASSWORD_LETTERS.least,
      maxlength: PASSWORD_LETTERS.most,
      autocomplete: 'off', // it is not one's own, and is handed on
      autocapitalize: 'off',
      spellcheck: 'false',
      'aria-label': say('share.password.new'),
      placeholder: say('share.password.new'),
    })
    const form = h(
      'form',
      { class: 'share-option-form' },
      field,
      h('button', { class: 'button' }, say('share.password.save')),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.set({ password: field.value }, say('share.password.made')).then((isDone) => {
        if (!isDone) return
        form.hidden = true // one password may follow another, and the row says the same
        field.value = ''
        if (!this.element.contains(document.activeElement) || form.contains(document.activeElement))
          this.element.querySelector<HTMLElement>('[data-act=password]')?.focus()
      })
    })
    return form
  }

  private rotation(): HTMLElement {
    const rotate = async () => {
      const question = {
        title: say('share.rotate.title'),
        hint: say('share.rotate.hint'),
        yes: say('share.rotate.yes'),
        danger: true,
      }
      if (!(await confirmed(question))) return
      await this.act(async () => {
        const { link, change } = await this.requests.rotate()
        this.onChanged(link) // the address to copy is the new one as soon as that is said
        return { change, sentence: say('share.rotated') }
      })
    }
    const button = h('button', { type: 'button', class: 'button', 'data-act': 'rotate', onclick: () => void rotate() })
    button.append(icon(RefreshCw), say('share.rotate'))
    return option(h('span', {}, t('link.label')), button)
  }
}

const option = (label: HTMLElement, ...controls: HTMLElement[]): HTMLElement =>
  h('div', { class: 'share-option' }, label, ...controls)
