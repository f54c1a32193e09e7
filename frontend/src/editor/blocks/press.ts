/**
 * A long press of a finger beside a block, where there is no handle to take hold of. Over the text a long press is the
 * browser's: it chooses words.
 */

const LONG_MS = 450
const MOVED_PX = 10

/** Calls `run` with the place when the finger is lifted: a menu opened before that would be shut by the lifting. */
export function onLongPress(margin: HTMLElement, run: (x: number, y: number) => void, signal: AbortSignal): void {
  margin.addEventListener(
    'pointerdown',
    (press) => {
      if (press.pointerType !== 'touch' || !press.isPrimary || press.target !== margin) return
      const { clientX: x, clientY: y } = press
      const since = press.timeStamp
      const lifting = new AbortController()
      const end = { signal: AbortSignal.any([signal, lifting.signal]) }
      const stop = () => lifting.abort()
      margin.addEventListener('contextmenu', (event) => event.preventDefault(), end)
      window.addEventListener('pointercancel', stop, end) // the page scrolls
      window.addEventListener(
        'pointerup',
        (lift) => {
          stop()
          const moved = Math.hypot(lift.clientX - x, lift.clientY - y)
          if (lift.timeStamp - since >= LONG_MS && moved < MOVED_PX) setTimeout(() => run(x, y))
        },
        end,
      )
    },
    { signal, passive: true },
  )
}
