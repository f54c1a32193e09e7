/** The source of a formula in a box beside it, with a preview that follows each key. */
import type { Editor } from '@tiptap/core'
import { NodeSelection, type Transaction } from '@tiptap/pm/state'
import { h } from '../../dom'
import { t } from '../../strings'
import { float } from '../float'
import { keysFor } from '../keys'
import { typeset } from './typeset'

/** Opens the source of the formula at `pos`. Ctrl+Enter or leaving keeps what was written, Escape does not. */
export function openSource(editor: Editor, pos: number): void {
  const node = editor.state.doc.nodeAt(pos)
  if (node === null) return
  const isBlock = node.type.name === 'blockMath'
  const before = String(node.attrs.latex)
  /** Where the formula is now: others write meanwhile. Null when it is gone. */
  let at: number | null = pos
  const follow = ({ transaction }: { transaction: Transaction }) => {
    const result = at === null ? null : transaction.mapping.mapResult(at)
    at = result === null || result.deletedAfter ? null : result.pos
    if (at === null || editor.state.doc.nodeAt(at)?.type !== node.type) close(false)
  }

  const area = h('textarea', {
    class: 'math-source',
    'aria-label': t('math.source'),
    placeholder: t('math.placeholder'),
    rows: isBlock ? '3' : '2',
    spellcheck: 'false',
    autocapitalize: 'off',
    dir: 'ltr',
    'data-testid': 'math-source',
  })
  const preview = h('div', { class: 'math-preview', 'aria-hidden': 'true' })
  const done = h('button', { type: 'button', class: 'button main' }, t('math.done'))
  const hint = h('span', { class: 'math-hint' }, t('math.hint', { keys: keysFor('Mod-Enter') }))
  const box = h(
    'div',
    { class: 'math-editor', role: 'dialog', 'aria-label': t('math.edit'), popover: 'auto' },
    area,
    preview,
    h('div', { class: 'math-foot' }, hint, done),
  )
  area.value = before

  const show = () => {
    if (area.value.trim() === '') preview.replaceChildren()
    else typeset(preview, area.value, isBlock)
  }
  let kept = true
  const close = (keep: boolean) => {
    kept = keep
    box.hidePopover()
  }
  area.addEventListener('input', show)
  done.addEventListener('click', () => close(true))
  box.addEventListener('keydown', (event) => {
    if (event.isComposing) return
    if (event.key === 'Escape') close(false)
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || (!isBlock && !event.shiftKey))) close(true)
    else return
    event.preventDefault()
    event.stopPropagation()
  })
  document.body.append(box)
  editor.on('transaction', follow)
  const anchor = () => (at === null ? null : editor.view.nodeDOM(at))
  let last = new DOMRect()
  const floating = float(
    box,
    {
      contextElement: editor.view.dom,
      getBoundingClientRect() {
        const element = anchor()
        if (element instanceof HTMLElement) last = element.getBoundingClientRect()
        return last
      },
    },
    'bottom-start',
  )
  box.addEventListener('toggle', (event) => {
    if (event.newState !== 'closed') return
    floating.leave()
    box.remove()
    editor.off('transaction', follow)
    if (!editor.isDestroyed) leave(editor, at, kept ? area.value.trim() : before, before)
  })
  show()
  area.focus()
  area.select()
}

/** Writes the source to the formula at `pos`. An empty one goes. */
function leave(editor: Editor, pos: number | null, latex: string, before: string): void {
  const { view } = editor
  const node = pos === null ? null : view.state.doc.nodeAt(pos)
  if (pos !== null && node !== null && editor.isEditable && (latex === '' || latex !== before)) {
    const { tr } = view.state
    if (latex === '') tr.delete(pos, pos + node.nodeSize)
    else tr.setNodeAttribute(pos, 'latex', latex).setSelection(NodeSelection.create(tr.doc, pos))
    view.dispatch(tr)
  }
  view.focus()
}
