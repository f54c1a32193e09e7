/**
 * The handle at the left of the block under the pointer: a plus, and a grip to drag the block by or to open its menu.
 *
 * Dragging is made of pointer events, not of the browser's drag and drop: the line shows where the block will stand, and
 * only where it can. Keys do the same without a pointer (`keys.ts`).
 */
import type { Editor } from '@tiptap/core'
import { GripVertical, Plus } from 'lucide'
import { h, icon } from '../../dom'
import { type Menu, mountMenu } from '../../menu'
import { t } from '../../strings'
import type { Desk } from '../features'
import { readable } from '../reveal'
import { addBlockBelow, blockOf, moveBlockTo } from './commands'
import { blockEntries } from './menu'
import { type Place, placeFor, rectOf, under } from './places'

const DRAG_AFTER_PX = 4
const SCROLL_EDGE_PX = 48
const SCROLL_STEP_PX = 14

export class Handle {
  private readonly editor: Editor
  private readonly stage: HTMLElement
  private readonly plus: HTMLButtonElement
  private readonly grip: HTMLButtonElement
  private readonly box: HTMLElement
  private readonly line = h('div', { class: 'drop-line', hidden: true })
  private readonly menu: Menu
  private readonly ending = new AbortController()
  /** The block the handle stands at: the position before it, kept true while others write. */
  private pos: number | null = null
  private frame = 0
  /** The press that ends a drag is a click too, which must not open the menu. */
  private dragged = false

  constructor({ editor, page, stage }: Desk) {
    this.editor = editor
    this.stage = stage
    const attributes = { type: 'button', tabindex: '-1' }
    this.plus = h(
      'button',
      { ...attributes, class: 'handle-plus', 'aria-label': t('handle.add'), title: t('handle.add') },
      icon(Plus),
    )
    this.grip = h(
      'button',
      { ...attributes, class: 'handle-grip', 'aria-label': t('handle.menu'), title: t('handle.hint') },
      icon(GripVertical),
    )
    this.box = h('div', { class: 'handle', hidden: true, 'data-testid': 'handle' }, this.plus, this.grip)
    stage.append(this.box, this.line)
    this.menu = mountMenu(this.grip, () => (this.pos === null ? [] : blockEntries(editor, page, () => this.pos)))
    this.listen()
  }

  leave(): void {
    this.ending.abort()
    cancelAnimationFrame(this.frame)
    this.editor.off('transaction', this.follow)
    this.menu.destroy()
    this.box.remove()
    this.line.remove()
  }

  /** Opens the menu of the block with the cursor. */
  openAtCursor(): void {
    const block = this.editor.isEditable ? blockOf(this.editor.state) : null
    if (block === null) return
    this.showAt(block.pos)
    this.menu.open()
  }

  /** Opens the menu of the block at this place of the window. */
  openAt(x: number, y: number): void {
    const block = this.editor.isEditable ? under(this.editor.view, x, y) : null
    if (block === null) return
    this.showAt(block.pos)
    this.menu.open()
  }

  private listen(): void {
    const { signal } = this.ending
    this.stage.addEventListener('pointermove', (event) => this.hover(event), { signal, passive: true })
    this.stage.addEventListener('pointerleave', () => this.hide(), { signal })
    this.editor.view.dom.addEventListener('keydown', () => this.hide(), { signal })
    this.plus.addEventListener('click', () => this.add(), { signal })
    this.grip.addEventListener('click', (event) => this.dragged && event.preventDefault(), { signal })
    this.grip.addEventListener('pointerdown', (event) => this.press(event), { signal })
    this.menu.element.addEventListener('toggle', (event) => this.onMenu(event), { signal })
    this.editor.on('transaction', this.follow)
  }

  private readonly follow = ({ transaction }: { transaction: Editor['state']['tr'] }): void => {
    if (this.pos === null || !transaction.docChanged) return
    const { pos, deleted } = transaction.mapping.mapResult(this.pos)
    this.pos = pos
    if (deleted || this.editor.state.doc.nodeAt(pos) === null) {
      this.pos = null
      this.hide()
    }
  }

  private get isOpen(): boolean {
    return this.menu.element.matches(':popover-open')
  }

  /** The menu gives the focus back to the grip, which may not be there to take it. */
  private onMenu(event: ToggleEvent): void {
    if (event.newState === 'open') return
    if (this.box.contains(document.activeElement) || document.activeElement === document.body) {
      this.editor.view.focus()
    }
    this.hide()
  }

  hover(event: PointerEvent): void {
    if (event.pointerType === 'touch' || event.buttons !== 0 || this.isOpen || !this.editor.isEditable) return
    if (this.box.contains(event.target as Node)) return
    cancelAnimationFrame(this.frame)
    this.frame = requestAnimationFrame(() => {
      const block = under(this.editor.view, event.clientX, event.clientY)
      if (block === null) this.hide()
      else this.showAt(block.pos)
    })
  }

  private hide(): void {
    cancelAnimationFrame(this.frame)
    if (this.isOpen) return
    this.box.hidden = true
    this.pos = null
  }

  private showAt(pos: number): void {
    const { view } = this.editor
    const rect = rectOf(view, pos)
    if (rect === null) return this.hide()
    this.pos = pos
    const home = this.stage.getBoundingClientRect()
    const text = view.dom.getBoundingClientRect()
    this.box.hidden = false
    this.box.style.setProperty('top', `${rect.middle - home.top}px`)
    this.box.style.setProperty('left', `${text.left - home.left}px`)
  }

  /** An empty line below, or the block itself if it is one, with the slash that lists what can be put there. */
  private add(): void {
    const { editor, pos } = this
    const node = pos === null ? null : editor.state.doc.nodeAt(pos)
    if (pos === null || node === null) return
    if (node.type.name === 'paragraph' && node.content.size === 0) editor.commands.setTextSelection(pos + 1)
    else addBlockBelow(pos)(editor.state, editor.view.dispatch)
    editor.view.dispatch(editor.state.tr.insertText('/'))
    editor.view.focus()
    this.hide()
  }

  private press(press: PointerEvent): void {
    if (press.button !== 0 || this.pos === null || this.isOpen) return
    const dragging = new AbortController()
    const { signal } = dragging
    this.dragged = false
    let place: Place | null = null
    let isDragged = false
    let y = press.clientY
    let frame = 0
    const look = (x: number) => {
      place = this.pos === null ? null : placeFor(this.editor.view, this.pos, x, y)
      this.showLine(place)
    }
    const scroll = (x: number) => {
      const { top, bottom } = readable()
      const step = y < top + SCROLL_EDGE_PX ? -SCROLL_STEP_PX : y > bottom - SCROLL_EDGE_PX ? SCROLL_STEP_PX : 0
      if (step !== 0) {
        window.scrollBy({ top: step, behavior: 'instant' })
        look(x)
      }
      frame = requestAnimationFrame(() => scroll(x))
    }
    const end = (drop: boolean) => {
      dragging.abort()
      cancelAnimationFrame(frame)
      this.showLine(null)
      this.stage.classList.remove('dragging')
      if (!isDragged) return
      if (drop && place !== null && this.pos !== null) {
        moveBlockTo(this.pos, place.to)(this.editor.state, this.editor.view.dispatch)
        this.editor.view.focus()
      }
      this.hide()
    }
    this.grip.setPointerCapture(press.pointerId)
    this.grip.addEventListener(
      'pointermove',
      (move) => {
        y = move.clientY
        if (!isDragged && Math.hypot(move.clientX - press.clientX, y - press.clientY) < DRAG_AFTER_PX) return
        if (!isDragged) this.stage.classList.add('dragging')
        isDragged = true
        this.dragged = true
        cancelAnimationFrame(frame)
        look(move.clientX)
        scroll(move.clientX)
      },
      { signal },
    )
    this.grip.addEventListener('pointerup', () => end(true), { signal })
    this.grip.addEventListener('pointercancel', () => end(false), { signal })
    window.addEventListener('keydown', (event) => event.key === 'Escape' && end(false), { signal, capture: true })
  }

  private showLine(place: Place | null): void {
    this.line.hidden = place === null
    if (place === null) return
    const home = this.stage.getBoundingClientRect()
    this.line.style.setProperty('top', `${place.y - home.top}px`)
    this.line.style.setProperty('left', `${place.left - home.left}px`)
    this.line.style.setProperty('width', `${place.width}px`)
  }
}
