/** Moments in words, in the language of the page. */
import { locale, t } from './strings'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** As near as a person needs it: "just now", "3 hours ago", "2 May". */
export function ago(moment: Date, now: Date, language = locale): string {
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const passed = now.getTime() - moment.getTime()
  if (passed < MINUTE_MS) return t('time.now')
  if (passed < HOUR_MS) return words.format(-Math.floor(passed / MINUTE_MS), 'minute')
  if (passed < DAY_MS) return words.format(-Math.floor(passed / HOUR_MS), 'hour')
  if (passed < 7 * DAY_MS) return words.format(-Math.max(1, Math.round(passed / DAY_MS)), 'day')
  const year = moment.getFullYear() === now.getFullYear() ? undefined : ('numeric' as const)
  return moment.toLocaleDateString(language, { day: 'numeric', month: 'long', ...(year ? { year } : {}) })
}

/** Day and time, for where the nearness is not enough. */
export const exactly = (moment: Date): string =>
  moment.toLocaleString(locale, { dateStyle: 'long', timeStyle: 'short' })
