/** Popups that follow the text: a bubble, a card, a bar. In the top layer, moved when the page scrolls or changes. */
import {
  autoUpdate,
  computePosition,
  flip,
  hide,
  offset,
  type Placement,
  shift,
  type VirtualElement,
} from '@floating-ui/dom'
import { type Editor, posToDOMRect } from '@tiptap/core'

/** What the header and the toolbar cover, and what is kept free at the other edges. */
const ROOM = { top: 108, right: 8, bottom: 8, left: 8 }

export interface Floating {
  /** Goes to where the anchor is now; scrolling and resizing it follows by itself. */
  move(): void
  leave(): void
}

/** Shows `popup`, which has the `popover` attribute, at `anchor`. */
export function float(popup: HTMLElement, anchor: VirtualElement | Element, placement: Placement): Floating {
  if (!popup.matches(':popover-open')) popup.showPopover()
  const middleware = [
    offset(8),
    flip({ padding: ROOM }),
    shift({ padding: ROOM, crossAxis: true }),
    hide({ padding: ROOM }),
  ]
  const move = () => {
    void computePosition(anchor, popup, { placement, strategy: 'fixed', middleware }).then(
      ({ x, y, middlewareData }) => {
        popup.style.setProperty('left', `${Math.round(x)}px`)
        popup.style.setProperty('top', `${Math.round(y)}px`)
        popup.classList.toggle('away', middlewareData.hide?.referenceHidden ?? false)
      },
    )
  }
  const stop = autoUpdate(anchor, popup, move)
  return {
    move,
    leave() {
      stop()
      if (popup.matches(':popover-open')) popup.hidePopover()
    },
  }
}

/** The place of a stretch of text, wherever it is when asked. */
export function textAnchor(editor: Editor, range: () => { from: number; to: number }): VirtualElement {
  return {
    contextElement: editor.view.dom,
    getBoundingClientRect() {
      const { from, to } = range()
      const end = editor.state.doc.content.size
      return posToDOMRect(editor.view, Math.min(from, end), Math.min(to, end))
    },
  }
}
