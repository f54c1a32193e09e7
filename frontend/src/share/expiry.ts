/** When a link ends: spans to choose from, and moments as a field for day and time has them. */
import { locale } from '../strings'

const HOUR_MS = 3_600_000

export const SPANS = { day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS, month: 30 * 24 * HOUR_MS } as const
export type Span = keyof typeof SPANS

/** The end of a span from now on, at a full minute. */
export function endOf(span: Span, now: Date): Date {
  const end = new Date(now.getTime() + SPANS[span])
  end.setSeconds(0, 0)
  return end
}

/** As `<input type="datetime-local">` has it, in the time of this machine. */
export function asField(moment: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`
  return `${day}T${two(moment.getHours())}:${two(moment.getMinutes())}`
}

/** The moment in such a field; null when there is none. */
export function fromField(text: string): Date | null {
  const moment = new Date(text)
  return text === '' || Number.isNaN(moment.getTime()) ? null : moment
}

/** Day and time, short: "30 Nov 2026, 18:00". */
export const shortly = (moment: Date): string =>
  moment.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' })

/** The day alone, for what ends in weeks. */
export const dayOf = (moment: Date): string => moment.toLocaleDateString(locale, { dateStyle: 'medium' })
