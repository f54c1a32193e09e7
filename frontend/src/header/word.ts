/** The save word in the header: what `collab/status` says, in words. */
import { type Status, saveWord, type Word, wordChangesAt } from '../collab/status'
import { t } from '../strings'

/** Shows the word in `element`, now and when time alone changes it; the answer takes each new status. */
export function mountWord(element: HTMLElement, now: () => number = Date.now): (status: Status) => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  return function show(status: Status): void {
    clearTimeout(timer)
    const word = saveWord(status, now())
    const text = wordText(word)
    if (element.textContent !== text) element.textContent = text
    element.dataset.state = word.state
    element.title = wordTitle(word)
    const next = wordChangesAt(status, now())
    if (next !== null) timer = setTimeout(() => show(status), next - now() + 1)
  }
}

export function wordText(word: Word): string {
  switch (word.state) {
    case 'offline':
      if (word.unsaved === 0) return t('word.offline')
      return t(word.kept ? 'word.offline.kept' : 'word.offline.unkept', { n: word.unsaved })
    case 'failed':
      return t('word.failed', { why: t(`why.${word.why ?? 'slow'}`) })
    default:
      return t(`word.${word.state}`)
  }
}

function wordTitle(word: Word): string {
  if (word.state === 'failed') return wordText(word)
  if (word.state === 'saving') return t('word.saving.title')
  if (word.state === 'offline') return t('word.offline.title')
  if (word.state !== 'saved' || word.saved === null) return ''
  const { seq, time } = word.saved
  if (time === null) return t('word.saved.seq', { seq })
  return t('word.saved.at', { seq, time: new Date(time).toLocaleTimeString() })
}
