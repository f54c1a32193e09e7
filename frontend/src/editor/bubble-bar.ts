/** The bubble over selected text: marks, link, colours, "turn into". Loaded when something is first selected. */
import { type Editor, isNodeSelection } from '@tiptap/core'
import { TextSelection } from '@tiptap/pm/state'
import { ChevronDown } from 'lucide'
import { h, icon } from '../dom'
import { mountMenu } from '../menu'
import { t } from '../strings'
import type { Desk } from './features'
import { type Floating, float, textAnchor } from './float'
import { eachFrame, rove } from './toolbar/bar'
import { styleEntries, styleName } from './toolbar/menus'
import { bareButton, COLORS, LINK, MARKS, showTools, type Tool, toolButton } from './toolbar/tools'

export function openBubble({ editor, page }: Desk): () => void {
  const name = h('span', { class: 'label' })
  const style = bareButton(t('tool.turn'), t('tool.turn'), name, icon(ChevronDown))
  const buttons = new Map<HTMLButtonElement, Tool>()
  for (const tool of [...MARKS, LINK, COLORS]) buttons.set(toolButton(editor, tool), tool)
  const bubble = h(
    'div',
    { class: 'bubble', popover: 'manual', role: 'toolbar', 'aria-label': t('bubble.label') },
    style,
    h('span', { class: 'gap', role: 'separator', 'aria-orientation': 'vertical' }),
    ...buttons.keys(),
  )
  document.body.append(bubble)
  const menu = mountMenu(style, () => styleEntries(editor, page))
  const { dom } = editor.view

  let floating: Floating | null = null
  let shown = ''
  let dismissed = ''
  let pressed = dom.matches(':active')

  const show = () => {
    const { from, to } = editor.state.selection
    const place = `${from}-${to}`
    if (place !== dismissed) dismissed = ''
    if (pressed || dismissed !== '' || !isWanted(editor, bubble)) return hide()
    const title = styleName(editor)
    if (name.textContent !== title) {
      name.textContent = title
      style.setAttribute('aria-label', `${t('tool.turn')}: ${title}`)
    }
    showTools(editor, buttons)
    floating ??= float(
      bubble,
      textAnchor(editor, () => editor.state.selection),
      'top',
    )
    if (place !== shown) floating.move()
    shown = place
  }
  const hide = () => {
    floating?.leave()
    floating = null
    shown = ''
  }
  const leaving = new AbortController()
  const { signal } = leaving
  const release = () => {
    if (!pressed) return
    pressed = false
    requestAnimationFrame(() => editor.isDestroyed || show())
  }
  dom.addEventListener('pointerdown', () => (pressed = true), { signal })
  window.addEventListener('pointerup', release, { signal })
  window.addEventListener('pointercancel', release, { signal })
  window.addEventListener('dragend', release, { signal })
  dom.addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || floating === null) return
      if (bubble.querySelector(':popover-open')) return // its palette or menu goes first
      event.preventDefault()
      const { from, to } = editor.state.selection
      dismissed = `${from}-${to}`
      hide()
    },
    { signal, capture: true }, // before ProseMirror, which keeps Escape for itself
  )
  bubble.addEventListener('focusout', () => requestAnimationFrame(() => editor.isDestroyed || show()), { signal })
  const stop = eachFrame(editor, show)
  const stopRoving = rove(bubble, editor)
  return () => {
    stop()
    stopRoving()
    leaving.abort()
    hide()
    menu.destroy()
    bubble.remove()
  }
}

function isWanted(editor: Editor, bubble: HTMLElement): boolean {
  const { selection, doc } = editor.state
  if (!editor.isEditable || selection.empty || isNodeSelection(selection)) return false
  if (!(selection instanceof TextSelection) || matchMedia('(pointer: coarse)').matches) return false
  const { from, to, $from } = selection
  if ($from.parent.type.spec.code || doc.textBetween(from, Math.min(to, from + 200), ' ', ' ').trim() === '')
    return false
  return editor.view.dragging === null && (editor.view.hasFocus() || bubble.contains(document.activeElement))
}
