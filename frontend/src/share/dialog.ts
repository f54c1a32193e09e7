/** The share dialog: who has access, with which role, and the link; changes take effect on open pages at once. */
import { ApiError } from '../api'
import { safeColor } from '../collab/presence'
import { ROLES, type Role } from '../collab/wire'
import { copyText, h, icon } from '../dom'
import { faceElement } from '../header/faces'
import { t } from '../strings'
import type { LinkRole, Share, ShareRequests, Shares } from './shares'

const LINK_ROLES: LinkRole[] = [null, 'viewer', 'commenter', 'editor']
const CROSS = 'M7 7l10 10M17 7L7 17'

export interface ShareContext {
  requests: ShareRequests
  title(): string
  /** Ids of those in the document now. */
  present(): Set<string>
}

/** Opens `dialog` from `button`, to which the focus returns. */
export function mountShare(button: HTMLButtonElement, dialog: HTMLDialogElement, context: ShareContext): void {
  const share = new ShareDialog(dialog, context)
  button.addEventListener('click', () => share.open())
  dialog.addEventListener('close', () => button.focus())
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close() // the backdrop
  })
}

class ShareDialog {
  private readonly heading = h('h2', { id: 'share-title' })
  private readonly body = h('div', { class: 'share-body' })
  private readonly receipt = h('p', { class: 'receipt', role: 'status', 'data-testid': 'share-receipt' })
  private readonly problem = h('p', { class: 'problem', role: 'alert', id: 'share-problem' })

  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly context: ShareContext,
  ) {
    const close = h(
      'button',
      {
        type: 'button',
        class: 'tool',
        'aria-label': t('share.close'),
        title: t('share.close'),
        onclick: () => dialog.close(),
      },
      icon(CROSS),
    )
    dialog.setAttribute('aria-labelledby', 'share-title')
    dialog.replaceChildren(h('div', { class: 'share-head' }, this.heading, close), this.body)
  }

  async open(): Promise<void> {
    this.heading.textContent = t('share.title', { title: this.context.title() })
    this.body.replaceChildren(h('p', { class: 'quiet' }, t('share.loading')))
    this.say('', '')
    this.dialog.showModal()
    await this.load()
    this.dialog.querySelector<HTMLInputElement>('input')?.focus()
  }

  private async load(): Promise<void> {
    try {
      this.show(await this.context.requests.list())
    } catch (error) {
      this.body.replaceChildren(this.problem)
      this.fail(error)
    }
  }

  private show(shares: Shares): void {
    const parts: Node[] = []
    if (shares.manage) parts.push(this.addForm(), this.problem)
    else parts.push(h('p', { class: 'quiet' }, t('share.readonly')))
    const rows = shares.shares.map((share) => this.row(share, shares.manage))
    parts.push(h('ul', { class: 'shares', 'aria-label': t('share.list') }, ...rows), this.receipt)
    parts.push(this.linkRow(shares))
    this.body.replaceChildren(...parts)
  }

  private addForm(): HTMLFormElement {
    const person = h('input', {
      class: 'field',
      name: 'person',
      required: true,
      maxlength: '254',
      autocomplete: 'off',
      autocapitalize: 'off',
      spellcheck: 'false',
      placeholder: t('share.person'),
      'aria-label': t('share.person'),
      'aria-describedby': 'share-problem',
      'data-testid': 'share-person',
    })
    const roles = ROLES.filter((role) => role !== 'owner')
    const role = roleSelect(roles, 'editor', t('share.role'))
    role.dataset.testid = 'share-role'
    const form = h('form', { class: 'share-add' }, person, role, h('button', { class: 'button main' }, t('share.add')))
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const name = person.value.trim()
      if (name !== '') void this.act(() => this.add(name, role.value as Role), 'person')
    })
    person.addEventListener('input', () => this.say('', ''))
    return form
  }

  private row(share: Share, manage: boolean): HTMLLIElement {
    const details = [
      share.you ? t('share.you') : this.context.present().has(share.id) ? t('people.here') : '',
      share.kind === 'group' ? t('share.group') : '',
      share.email,
    ].filter(Boolean)
    const who = h('span', { class: 'who' }, h('b', {}, share.name))
    if (details.length > 0) who.append(h('small', {}, details.join(' · ')))
    const row = h('li', {}, faceElement({ name: share.name, color: safeColor(share.color) }), who)
    row.dataset.person = share.id
    if (!manage) row.append(h('span', { class: 'quiet' }, t(`role.${share.role}`)))
    else row.append(this.roleOf(share), this.removeButton(share))
    return row
  }

  private roleOf(share: Share): HTMLSelectElement {
    const select = roleSelect([...ROLES], share.role, t('share.roleOf', { name: share.name }))
    select.addEventListener('change', () => this.act(() => this.revise(share, select.value as Role)))
    return select
  }

  private removeButton(share: Share): HTMLButtonElement {
    const label = t('share.remove', { name: share.name })
    return h(
      'button',
      {
        type: 'button',
        class: 'tool',
        title: label,
        'aria-label': label,
        onclick: () => this.act(() => this.remove(share)),
      },
      icon(CROSS),
    )
  }

  private linkRow({ link, manage }: Shares): HTMLElement {
    const label = h('span', { class: 'who' }, h('b', {}, t('share.link')))
    if (link.role === null) label.append(h('small', {}, t('share.link.none.hint')))
    const row = h('div', { class: 'share-link' }, label)
    if (manage) {
      const options = LINK_ROLES.map((role) => h('option', { value: role ?? '' }, t(`share.link.${role ?? 'none'}`)))
      const select = h(
        'select',
        { class: 'role', 'aria-label': t('share.link'), 'data-testid': 'share-link' },
        ...options,
      )
      select.value = link.role ?? ''
      select.addEventListener('change', () => this.act(() => this.setLink((select.value || null) as LinkRole)))
      row.append(select)
    } else row.append(h('span', { class: 'quiet' }, t(`share.link.${link.role ?? 'none'}`)))
    row.append(h('button', { type: 'button', class: 'button', onclick: () => this.copyLink() }, t('share.copyLink')))
    return row
  }

  private async add(name: string, role: Role): Promise<string> {
    const share = await this.context.requests.add(name, role)
    return t(`share.now.${share.role}`, { name: share.name })
  }

  private async revise(share: Share, role: Role): Promise<string> {
    const revised = await this.context.requests.revise(share, role)
    return t(`share.now.${revised.role}`, { name: revised.name })
  }

  private async remove(share: Share): Promise<string> {
    await this.context.requests.remove(share)
    return t('share.removed', { name: share.name })
  }

  private async setLink(role: LinkRole): Promise<string> {
    await this.context.requests.setLink(role)
    return t('share.linkChanged')
  }

  private async copyLink(): Promise<void> {
    const url = `${location.origin}${location.pathname}`
    if (await copyText(url)) this.say(t('share.linkCopied'), '')
    else this.say(url, '')
  }

  /** Carries out one change, then shows the list as the server has it now, with the receipt or the objection. */
  private async act(change: () => Promise<string>, field: string | null = null): Promise<void> {
    const focused = focusedPlace(this.body)
    try {
      const receipt = await change()
      await this.load()
      this.say(receipt, '')
    } catch (error) {
      if (field === null) await this.load() // a select must not go on showing what was refused
      this.fail(error)
    }
    restoreFocus(this.body, focused)
  }

  private fail(error: unknown): void {
    if (!(error instanceof ApiError)) throw error
    this.say('', error.detail)
    if (error.field !== null)
      this.body.querySelector(`[name="${CSS.escape(error.field)}"]`)?.setAttribute('aria-invalid', 'true')
  }

  private say(receipt: string, problem: string): void {
    this.receipt.textContent = receipt
    this.problem.textContent = problem
    for (const field of this.body.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid')
  }
}

function roleSelect(roles: Role[], chosen: Role, label: string): HTMLSelectElement {
  const options = roles.map((role) => h('option', { value: role }, t(`role.${role}`)))
  const select = h('select', { class: 'role', 'aria-label': label }, ...options)
  select.value = chosen
  return select
}

/** Which control had the focus, in words that still hold after the list was made anew. */
function focusedPlace(body: HTMLElement): string | null {
  const focused = document.activeElement
  return focused !== null && body.contains(focused) ? focused.getAttribute('aria-label') : null
}

function restoreFocus(body: HTMLElement, label: string | null): void {
  if (label === null || body.contains(document.activeElement)) return
  const same = body.querySelector<HTMLElement>(`[aria-label="${CSS.escape(label)}"]`)
  ;(same ?? body.querySelector<HTMLElement>('input, select, button'))?.focus()
}
