/** The handle at a picture's edge: dragged, or moved with the arrow keys (ARIA APG, "Slider"). Widths are CSS pixels. */
import { h } from '../../dom'
import { t } from '../../strings'

const LEAST = 48
const STEP = 10
const LEAP = 50

export interface Resized {
  /** How wide it is now. */
  width(): number
  /** How wide it may be: the page. */
  most(): number
  /** Shows a width without keeping it. */
  show(width: number): void
  /** Keeps it; null: as wide as the picture is. */
  keep(width: number | null): void
  /** Gives the focus back to the text. */
  leave(): void
}

export interface Handle {
  element: HTMLElement
  /** Says how wide the picture is. */
  tell(width: number | null): void
}

export function clampWidth(width: number, most: number): number {
  return Math.round(Math.min(Math.max(width, LEAST), Math.max(most, LEAST)))
}

/** The width after a key; undefined when the key is none of a slider's. */
export function widthAfter(key: string, leap: boolean, width: number, most: number): number | undefined {
  const step = leap ? LEAP : STEP
  const wanted = {
    ArrowRight: width + step,
    ArrowUp: width + step,
    ArrowLeft: width - step,
    ArrowDown: width - step,
    PageUp: width + LEAP,
    PageDown: width - LEAP,
    Home: LEAST,
    End: most,
  }[key]
  return wanted === undefined ? undefined : clampWidth(wanted, most)
}

export function mountHandle(frame: HTMLElement, picture: Resized): Handle {
  const element = h('span', {
    class: 'image-handle',
    role: 'slider',
    tabindex: '0',
    contenteditable: 'false',
    'aria-label': t('image.resize'),
    'aria-orientation': 'horizontal',
    'aria-valuemin': String(LEAST),
    'aria-valuemax': '4096',
    'aria-valuenow': String(LEAST),
    title: t('image.resize'),
  })
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') picture.leave()
    const width = widthAfter(event.key, event.shiftKey, picture.width(), picture.most())
    if (width === undefined) return
    event.preventDefault()
    picture.keep(width)
  })
  element.addEventListener('dblclick', () => picture.keep(null))
  element.addEventListener('pointerdown', (event) => drag(event, element, frame, picture))
  return {
    element,
    tell(width) {
      if (width === null) return
      element.setAttribute('aria-valuenow', String(Math.max(LEAST, Math.round(width))))
      element.setAttribute('aria-valuetext', t('image.resize.value', { width: Math.round(width) }))
    },
  }
}

function drag(down: PointerEvent, element: HTMLElement, frame: HTMLElement, picture: Resized): void {
  if (down.button !== 0) return
  down.preventDefault() // no selection of text meanwhile
  element.focus({ preventScroll: true })
  element.setPointerCapture(down.pointerId)
  const before = picture.width()
  const way = getComputedStyle(frame).direction === 'rtl' ? -1 : 1
  const ending = new AbortController()
  const { signal } = ending
  let width = before
  frame.classList.add('resizing')
  const end = (keep: boolean) => {
    ending.abort()
    frame.classList.remove('resizing')
    if (keep && Math.abs(width - before) >= 1) picture.keep(width)
    else picture.show(before)
  }
  element.addEventListener(
    'pointermove',
    (move) => {
      width = clampWidth(before + way * (move.clientX - down.clientX), picture.most())
      picture.show(width)
    },
    { signal },
  )
  element.addEventListener('pointerup', () => end(true), { signal })
  element.addEventListener('pointercancel', () => end(false), { signal })
  element.addEventListener('keydown', (event) => event.key === 'Escape' && end(false), { signal })
}
