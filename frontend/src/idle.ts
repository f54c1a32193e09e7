/** Whether somebody is at this page: idle is a minute without a key, a pointer or a scroll, or out of sight. */
export const IDLE_AFTER_MS = 60_000

const SIGNS = ['keydown', 'pointerdown', 'pointermove', 'scroll', 'focus'] as const

export function watchIdle(onChange: (idle: boolean) => void): void {
  let idle = false
  let timer = setTimeout(rest, IDLE_AFTER_MS)
  function rest(): void {
    idle = true
    onChange(true)
  }
  function stir(): void {
    clearTimeout(timer)
    timer = setTimeout(rest, IDLE_AFTER_MS)
    if (!idle) return
    idle = false
    onChange(false)
  }
  for (const sign of SIGNS) window.addEventListener(sign, stir, { passive: true, capture: true })
}
