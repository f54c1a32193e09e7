/** The people who will be added, as chips in front of the text that is being typed. */
import { X } from 'lucide'
import { h, icon } from '../dom'
import { say } from './words'

export interface Chip {
  /** What the server is told. */
  text: string
  /** What is shown of it. */
  name: string
  refused?: boolean
}

export class Chips {
  readonly element = h('ul', { class: 'chips', 'aria-label': say('share.persons') })
  private chips: Chip[] = []

  /** `onChange`: after each that was added or removed by hand. */
  constructor(private readonly onChange: () => void) {
    this.element.hidden = true
  }

  get texts(): string[] {
    return this.chips.map(({ text }) => text)
  }

  add(...more: Chip[]): void {
    const key = ({ text }: Chip) => text.toLocaleLowerCase()
    const known = new Set(this.chips.map(key))
    this.set([...this.chips, ...more.filter((chip) => !known.has(key(chip)))])
  }

  removeLast(): void {
    this.set(this.chips.slice(0, -1))
    this.onChange()
  }

  clear(): void {
    this.set([])
  }

  /** Marks those that the server does not take. */
  refuse(texts: ReadonlySet<string>): void {
    this.set(this.chips.map((chip) => ({ ...chip, refused: texts.has(chip.text) })))
  }

  private set(chips: Chip[]): void {
    this.chips = chips
    this.element.replaceChildren(...chips.map((chip) => this.chipElement(chip)))
    this.element.hidden = chips.length === 0
    this.element.scrollTop = this.element.scrollHeight
  }

  private chipElement(chip: Chip): HTMLElement {
    const label = say('share.chip.remove', { name: chip.name })
    const remove = () => {
      this.set(this.chips.filter((each) => each !== chip))
      this.onChange()
    }
    const cross = h('button', { type: 'button', 'aria-label': label, title: label, onclick: remove }, icon(X))
    return h('li', { class: chip.refused ? 'chip refused-name' : 'chip' }, h('span', { dir: 'auto' }, chip.name), cross)
  }
}
