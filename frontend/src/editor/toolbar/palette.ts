/** The colours of text and highlight: two rows of swatches that open at a button. Loaded when first asked for. */
import type { Editor } from '@tiptap/core'
import { h } from '../../dom'
import { t } from '../../strings'
import { float } from '../float'
import { COLORS, type Color } from '../schema/colors'

type Kind = 'textColor' | 'highlight'

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }

/** Opens it, or closes it when it is open at this button. With the keyboard the focus goes into it and comes back. */
export function openPalette(editor: Editor, anchor: HTMLElement): void {
  if (anchor.nextElementSibling?.classList.contains('palette')) return anchor.nextElementSibling.remove()
  const panel = h('div', { class: 'palette', popover: 'auto', role: 'group', 'aria-label': t('tool.colors') })
  const choose = (kind: Kind, color: Color | null) => {
    panel.hidePopover()
    const chain = editor.chain().focus()
    if (kind === 'textColor') (color === null ? chain.unsetTextColor() : chain.setTextColor(color)).run()
    else (color === null ? chain.unsetHighlight() : chain.setHighlight(color)).run()
  }
  for (const kind of ['textColor', 'highlight'] as const) panel.append(...row(editor, kind, choose))
  anchor.after(panel)
  anchor.setAttribute('aria-expanded', 'true')
  const byKeyboard = document.activeElement === anchor
  const floating = float(panel, anchor, 'bottom')
  panel.addEventListener('mousedown', (event) => event.preventDefault()) // the text keeps its focus
  panel.addEventListener('toggle', (event) => {
    if ((event as ToggleEvent).newState === 'open') return
    floating.leave()
    anchor.removeAttribute('aria-expanded')
    panel.remove()
  })
  if (byKeyboard) panel.querySelector<HTMLElement>('[tabindex="0"]')?.focus()
}

function row(editor: Editor, kind: Kind, choose: (kind: Kind, color: Color | null) => void): HTMLElement[] {
  const now: unknown = editor.isActive(kind) ? editor.getAttributes(kind).color : null
  const swatches = [null, ...COLORS].map((color) => {
    const name = color === null ? t('color.none') : t(`color.${color}`)
    const swatch = h('button', {
      type: 'button',
      class: color === null ? 'swatch none' : 'swatch',
      role: 'radio',
      'aria-label': name,
      title: name,
      'aria-checked': String(color === now),
      [kind === 'textColor' ? 'data-color' : 'data-highlight']: color ?? 'none',
      onclick: () => choose(kind, color),
    })
    if (kind === 'textColor' && color !== null) swatch.append('A')
    return swatch
  })
  const checked = swatches.find((swatch) => swatch.getAttribute('aria-checked') === 'true') ?? swatches[0]
  for (const swatch of swatches) swatch.tabIndex = swatch === checked ? 0 : -1
  const name = kind === 'textColor' ? t('color.text') : t('color.highlight')
  const group = h('div', { class: 'swatches', role: 'radiogroup', 'aria-label': name }, ...swatches)
  group.addEventListener('keydown', (event) => {
    const step = STEPS[event.key]
    if (step === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const at = swatches.indexOf(document.activeElement as HTMLButtonElement)
    const next = swatches[(at + step + swatches.length) % swatches.length]
    for (const swatch of swatches) swatch.tabIndex = swatch === next ? 0 : -1
    next?.focus()
  })
  return [h('span', { class: 'palette-title', 'aria-hidden': 'true' }, name), group]
}
