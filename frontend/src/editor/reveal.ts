/** Brings a place in the text between the bars over and under it. */
import type { EditorView } from '@tiptap/pm/view'

const MARGIN_PX = 24
/** What comes near is laid out only then, and may be of another height than was thought: look again this often. */
const LOOKS = 3

/** What lies over the text at its edges; each is passed over where it does not show. */
const BARS = '.bar, .tools, .find, .foot'

/** Scrolls when `pos` is not to be read already, or, at the `top`, in any case. */
export function reveal(view: EditorView, pos: number, where: 'near' | 'top' = 'near', looks = LOOKS): void {
  const at = view.coordsAtPos(Math.min(pos, view.state.doc.content.size))
  const { top, bottom } = readable()
  if (where === 'near' && at.top >= top + MARGIN_PX && at.bottom <= bottom - MARGIN_PX) return
  const wanted = where === 'top' ? top + MARGIN_PX : top + (bottom - top) / 3
  const by = Math.round(at.top - wanted)
  if (by === 0) return
  window.scrollBy({ top: by, behavior: 'instant' })
  if (looks > 1) requestAnimationFrame(() => view.isDestroyed || reveal(view, pos, where, looks - 1))
}

/** The stretch of the window that no bar covers, in pixels from its top. */
export function readable(): { top: number; bottom: number } {
  const height = window.innerHeight
  let top = 0
  let bottom = height
  for (const bar of document.querySelectorAll(BARS)) {
    const at = bar.getBoundingClientRect()
    if (at.height === 0) continue
    if (at.top < height / 2) top = Math.max(top, at.bottom)
    else bottom = Math.min(bottom, at.top)
  }
  return { top, bottom: Math.max(bottom, top + 1) }
}
