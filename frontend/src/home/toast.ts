/** One sentence about what was just done, with a way back, for some seconds; longer while one points at it. */
import { h } from '../dom'
import { part } from '../page'
import { say } from './words'

const SHOWN_MS = 8_000

export class Toast {
  private readonly element = part('toast')
  private timer: ReturnType<typeof setTimeout> | undefined
  private back: (() => void) | null = null

  constructor() {
    this.element.addEventListener('pointerenter', () => clearTimeout(this.timer))
    this.element.addEventListener('pointerleave', () => this.fadeLater())
    this.element.addEventListener('focusin', () => clearTimeout(this.timer))
    this.element.addEventListener('focusout', () => this.fadeLater())
  }

  /** `undo` puts a button beside the words; Ctrl+Z does the same. */
  show(words: string, undo: (() => void) | null = null, tone: 'plain' | 'bad' = 'plain'): void {
    this.back = undo
    const parts: HTMLElement[] = [h('span', { dir: 'auto' }, words)]
    if (undo !== null) {
      const title = `${say('home.undo')} (Ctrl+Z)`
      parts.push(
        h('button', { class: 'button quiet', type: 'button', title, onclick: () => this.undo() }, say('home.undo')),
      )
    }
    this.element.dataset.tone = tone
    this.element.replaceChildren(...parts)
    this.element.hidden = false
    this.fadeLater()
  }

  /** Takes back what the words are about; says whether there was anything. */
  undo(): boolean {
    const back = this.back
    this.hide()
    back?.()
    return back !== null
  }

  hide(): void {
    clearTimeout(this.timer)
    this.back = null
    this.element.hidden = true
    this.element.replaceChildren()
  }

  private fadeLater(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.hide(), SHOWN_MS)
  }
}
