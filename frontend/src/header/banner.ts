/** The notice over the page: what changed, and what was typed and not saved, to copy or download. */
import type { Rescued } from '../collab/unsent'
import { copyText, downloadText, h } from '../dom'
import { t } from '../strings'

export interface Notice {
  /** What happened, a sentence each. */
  lines: string[]
  /** What the server does not have. */
  rescued?: Rescued
  /** Asks the owners for more; not there where nobody may be asked. */
  ask?: (() => Promise<unknown>) | undefined
  /** Whether loading the page again is the way on. */
  reload?: boolean
  tone?: 'good' | 'plain' | 'bad'
  /** Goes away by itself after this time. */
  fadesAfterMs?: number
}

export class Banner {
  private timer: ReturnType<typeof setTimeout> | undefined
  private shown: Notice | null = null

  constructor(
    private readonly element: HTMLElement,
    private readonly fileName: () => string,
    private readonly onDismiss: () => void,
  ) {}

  /** Whether text is on show that exists nowhere else. */
  get holdsText(): boolean {
    return Boolean(this.shown?.rescued?.text)
  }

  show(notice: Notice): void {
    clearTimeout(this.timer)
    this.shown = notice
    const lines = notice.lines.map((line) => h('p', {}, line))
    const parts: Node[] = [h('div', { class: 'notice-lines' }, ...lines)]
    if (notice.rescued?.text) parts.push(refusedText(notice.rescued.text))
    parts.push(this.actions(notice))
    this.element.replaceChildren(...parts)
    this.element.dataset.tone = notice.tone ?? 'plain'
    this.element.hidden = false
    if (notice.fadesAfterMs !== undefined) this.timer = setTimeout(() => this.hide(), notice.fadesAfterMs)
  }

  private dismiss(): void {
    this.hide()
    this.onDismiss()
  }

  hide(): void {
    clearTimeout(this.timer)
    this.shown = null
    this.element.hidden = true
    this.element.replaceChildren()
  }

  private actions(notice: Notice): HTMLElement {
    const actions = h('div', { class: 'notice-actions' })
    if (notice.rescued?.text) actions.append(...rescueButtons(notice.rescued, this.fileName()))
    if (notice.ask) actions.append(askButton(notice.ask))
    if (notice.reload) {
      actions.append(h('button', { type: 'button', class: 'button', onclick: () => location.reload() }, t('reload')))
    }
    actions.append(h('button', { type: 'button', class: 'button quiet', onclick: () => this.dismiss() }, t('dismiss')))
    return actions
  }
}

/** Asks once: the answer, or why not, takes the button's place. */
function askButton(ask: () => Promise<unknown>): HTMLElement {
  const button = h('button', { type: 'button', class: 'button' }, t('banner.ask'))
  button.addEventListener('click', async () => {
    button.disabled = true
    const said = await ask().then(
      () => t('banner.asked'),
      (error: Error) => error.message,
    )
    button.replaceWith(h('span', { class: 'quiet', role: 'status' }, said))
  })
  return button
}

/** The text itself, readable and selectable. */
export function refusedText(text: string): HTMLElement {
  return h(
    'pre',
    {
      class: 'refused',
      tabindex: '0',
      role: 'region',
      'aria-label': t('refused.label'),
      'data-testid': 'refused-text',
    },
    text,
  )
}

/** Copy, and Download as Markdown. */
export function rescueButtons({ text, markdown }: Rescued, fileName: string): HTMLElement[] {
  const copy = h('button', { type: 'button', class: 'button main' }, t('copy'))
  copy.addEventListener('click', async () => {
    if (await copyText(text)) copy.textContent = t('copied')
  })
  const download = () => downloadText(`${markdown}\n`, fileName)
  return [copy, h('button', { type: 'button', class: 'button', onclick: download }, t('download.markdown'))]
}
