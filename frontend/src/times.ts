/** A moment in words, as near as a person needs it. */

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export function ago(moment: Date, now: Date, locale = 'en'): string {
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const passed = now.getTime() - moment.getTime()
  if (passed < MINUTE_MS) return 'just now'
  if (passed < HOUR_MS) return words.format(-Math.floor(passed / MINUTE_MS), 'minute')
  if (passed < DAY_MS) return words.format(-Math.floor(passed / HOUR_MS), 'hour')
  if (passed < 7 * DAY_MS) return words.format(-Math.max(1, Math.round(passed / DAY_MS)), 'day')
  const year = moment.getFullYear() === now.getFullYear() ? undefined : ('numeric' as const)
  return moment.toLocaleDateString(locale, { day: 'numeric', month: 'long', ...(year ? { year } : {}) })
}
