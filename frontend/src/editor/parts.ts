/** Parts of the page that are fetched when they are needed. */
import { t } from '../strings'
import { notice } from './paste/notice'

/** For what nobody asked for: without a network the page does without it until there is one, or `signal` ends that. */
export function whenFetched<Part>(fetch: () => Promise<Part>, use: (part: Part) => void, signal: AbortSignal): void {
  const again = () => whenFetched(fetch, use, signal)
  void fetch().then(
    (part) => signal.aborted || use(part),
    () => window.addEventListener('online', again, { once: true, signal }),
  )
}

/** For what a person asked for: when it cannot be had they are told. */
export function whenAskedFor<Part>(part: Promise<Part>, use: (part: Part) => void): void {
  void part.then(use, () => notice(t('error.network'), 'bad'))
}
