/**
 * A list that is kept in step with what the server says without being made anew: a row that says the same stays the same
 * element, so that nothing is taken from under a pointer, an open menu or the focus.
 */

/** What a row is made of; `key` names it in its list, and it is made again when anything in here is another. */
export interface RowOf {
  key: string
}

export class Rows<R extends RowOf> {
  private readonly shown = new Map<string, { said: string; element: HTMLElement }>()
  /** What is to be shown when the menu that is open in a row has closed. */
  private waiting: R[] | null = null

  constructor(
    readonly element: HTMLElement,
    private readonly make: (row: R) => HTMLElement,
  ) {
    element.addEventListener('toggle', () => this.waiting && this.show(this.waiting), { capture: true })
  }

  /** Shows these, in this order. The focus stays on the same control, or goes to the row that takes the place. */
  show(rows: R[]): void {
    this.waiting = this.element.querySelector(':popover-open') === null ? null : rows
    if (this.waiting !== null) return
    const focused = this.focused()
    const gone = new Set(this.shown.keys())
    rows.forEach((row, index) => {
      gone.delete(row.key)
      const element = this.elementOf(row)
      const there = this.element.children[index]
      if (there !== element) this.element.insertBefore(element, there ?? null)
    })
    for (const key of gone) {
      this.shown.get(key)?.element.remove()
      this.shown.delete(key)
    }
    this.element.hidden = rows.length === 0
    if (focused !== null && !this.element.contains(document.activeElement)) this.refocus(focused)
  }

  private elementOf(row: R): HTMLElement {
    const said = JSON.stringify(row)
    const before = this.shown.get(row.key)
    if (before?.said === said) return before.element
    const element = this.make(row)
    element.dataset.row = row.key
    before?.element.replaceWith(element)
    this.shown.set(row.key, { said, element })
    return element
  }

  /** Which row has the focus, where it stands, and which of its controls. */
  private focused(): { key: string; index: number; act: string } | null {
    const at = document.activeElement
    if (!(at instanceof HTMLElement) || !this.element.contains(at)) return null
    const row = [...this.element.children].findIndex((each) => each.contains(at))
    const key = (this.element.children[row] as HTMLElement).dataset.row ?? ''
    return { key, index: row, act: at.closest<HTMLElement>('[data-act]')?.dataset.act ?? '' }
  }

  private refocus({ key, index, act }: { key: string; index: number; act: string }): void {
    const row = this.shown.get(key)?.element ?? this.element.children[Math.min(index, this.element.children.length - 1)]
    const same = row?.querySelector<HTMLElement>(`[data-act="${act}"]`)
    ;(same ?? row?.querySelector<HTMLElement>('button, select, input, [href]'))?.focus()
  }
}
