/** How large a new table is to be, chosen on a grid with the mouse or the arrows. Loaded when first asked for. */
import type { Editor } from '@tiptap/core'
import { h } from '../../dom'
import { t } from '../../strings'
import { freshLine } from '../blocks-menu'
import { float } from '../float'

const ROWS = 6
const COLUMNS = 8
const STEPS: Record<string, [down: number, right: number]> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
}

/** Opens it, or closes it when it is open at this button. */
export function openGrid(editor: Editor, anchor: HTMLElement): void {
  if (anchor.nextElementSibling?.classList.contains('size-grid')) return anchor.nextElementSibling.remove()
  const size = h('p', { class: 'size', 'aria-hidden': 'true' })
  const cells: HTMLButtonElement[] = []
  const panel = h(
    'div',
    { class: 'size-grid', popover: 'auto', role: 'group', 'aria-label': t('grid.label') },
    h('div', { class: 'cells' }),
    size,
  )
  const at = (index: number) => ({ rows: Math.floor(index / COLUMNS) + 1, cols: (index % COLUMNS) + 1 })
  const point = (index: number) => {
    const { rows, cols } = at(index)
    size.textContent = t('grid.size', { rows, cols })
    for (const [each, cell] of cells.entries()) {
      const here = at(each)
      cell.classList.toggle('in', here.rows <= rows && here.cols <= cols)
      cell.tabIndex = each === index ? 0 : -1
    }
  }
  for (let index = 0; index < ROWS * COLUMNS; index++) {
    const { rows, cols } = at(index)
    const cell = h('button', {
      type: 'button',
      class: 'size-cell',
      'aria-label': t('grid.size', { rows, cols }),
      onpointerenter: () => point(index),
      onfocus: () => point(index),
      onclick: () => {
        panel.hidePopover()
        freshLine(editor.chain().focus()).insertTable({ rows, cols, withHeaderRow: true }).run()
      },
    })
    cells.push(cell)
  }
  panel.firstElementChild?.append(...cells)
  panel.addEventListener('keydown', (event) => {
    const step = STEPS[event.key]
    const index = cells.indexOf(document.activeElement as HTMLButtonElement)
    if (step === undefined || index < 0) return
    event.preventDefault()
    event.stopPropagation()
    const row = Math.min(Math.max(Math.floor(index / COLUMNS) + step[0], 0), ROWS - 1)
    const column = Math.min(Math.max((index % COLUMNS) + step[1], 0), COLUMNS - 1)
    cells[row * COLUMNS + column]?.focus()
  })
  panel.addEventListener('mousedown', (event) => event.preventDefault())
  anchor.after(panel)
  anchor.setAttribute('aria-expanded', 'true')
  const byKeyboard = document.activeElement === anchor
  const floating = float(panel, anchor, 'bottom')
  panel.addEventListener('toggle', (event) => {
    if ((event as ToggleEvent).newState === 'open') return
    floating.leave()
    anchor.removeAttribute('aria-expanded')
    panel.remove()
  })
  point(2 * COLUMNS + 2)
  if (byKeyboard) cells[2 * COLUMNS + 2]?.focus()
}
