/** The bar at the table that the caret is in. Loaded when the caret first comes into one. */
import { type Editor, findParentNode } from '@tiptap/core'
import { TextSelection } from '@tiptap/pm/state'
import { h } from '../dom'
import { t } from '../strings'
import { type Floating, float } from './float'
import { isInTable } from './table'
import { TABLE_ACTS } from './table-acts'
import { rove } from './toolbar/bar'
import { showTools, type Tool, toolButton } from './toolbar/tools'

export class TableBar {
  readonly element = h('div', {
    class: 'table-bar',
    popover: 'manual',
    role: 'toolbar',
    'aria-label': t('table.label'),
  })
  private readonly buttons = new Map<HTMLButtonElement, Tool>()
  private readonly stopRoving
  private floating: Floating | null = null
  private at: Element | null = null

  constructor(private readonly editor: Editor) {
    for (const [index, group] of TABLE_ACTS.entries()) {
      if (index > 0) this.element.append(h('span', { class: 'gap', role: 'separator', 'aria-orientation': 'vertical' }))
      for (const { run, ...act } of group) {
        const tool: Tool = { ...act, press: () => run(editor.chain().focus()).run() }
        const button = toolButton(editor, tool)
        button.classList.toggle('danger', act.danger ?? false)
        this.buttons.set(button, tool)
        this.element.append(button)
      }
    }
    document.body.append(this.element)
    this.stopRoving = rove(this.element, editor)
  }

  /** Shows it or hides it, as the selection wants it. */
  show(): void {
    const { editor } = this
    const table = this.isWanted() ? tableElement(editor) : null
    if (table === null) return this.hide()
    showTools(editor, this.buttons)
    if (table === this.at) return
    this.hide()
    this.at = table
    this.floating = float(this.element, table, 'top-start')
  }

  leave(): void {
    this.hide()
    this.stopRoving()
    this.element.remove()
  }

  private hide(): void {
    this.floating?.leave()
    this.floating = null
    this.at = null
  }

  /** Words selected in a cell have the bubble over them: one bar at a time. */
  private isWanted(): boolean {
    const { editor } = this
    const { selection } = editor.state
    if (!editor.isEditable || !isInTable(editor.state)) return false
    if (selection instanceof TextSelection && !selection.empty) return false
    return editor.view.hasFocus() || this.element.contains(document.activeElement)
  }
}

function tableElement(editor: Editor): Element | null {
  const found = findParentNode(({ type }) => type.spec.tableRole === 'table')(editor.state.selection)
  const dom = found && editor.view.nodeDOM(found.pos)
  return dom instanceof Element ? dom : null
}
