/**
 * How long to wait before the next try: full jitter, so that a restart of the server does not bring everybody back at
 * the same instant ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */
export const BACKOFF_BASE_MS = 200
export const BACKOFF_CAP_MS = 30_000
const BACKOFF_LEAST_MS = 10

/** Milliseconds to wait before try number `attempt` (from 0), less than `cap`; `random` is in [0, 1). */
export function backoff(attempt: number, random: () => number, cap = BACKOFF_CAP_MS): number {
  const ceiling = Math.min(cap, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 30))
  return Math.max(BACKOFF_LEAST_MS, Math.floor(random() * ceiling))
}
