/** The save word in the header: what `collab/status` says, in words; more of it on a card. */
import { mountCard } from '../card'
import { type Status, saveWord, type Word, wordChangesAt } from '../collab/status'
import { h } from '../dom'
import { t } from '../strings'

/**
 * Shows the word in `element`, now and when time alone changes it; the answer takes each new status. `more` is the
 * button over the word: the word itself is a live region and cannot be pressed.
 */
export function mountWord(
  element: HTMLElement,
  more: HTMLElement,
  now: () => number = Date.now,
): (status: Status) => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let word: Word | null = null
  const card = mountCard(more, () => (word === null ? [] : [h('b', {}, wordText(word)), ...wordDetails(word)]))
  return function show(status: Status): void {
    clearTimeout(timer)
    word = saveWord(status, now())
    const text = wordText(word)
    if (element.textContent !== text) element.textContent = text
    element.dataset.state = word.state
    card.refresh()
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

function wordDetails(word: Word): HTMLElement[] {
  const lines: string[] = []
  if (word.state === 'saving') lines.push(t('word.saving.title'))
  if (word.state === 'offline') lines.push(t('word.offline.title'))
  if (word.saved !== null) lines.push(savedLine(word.saved))
  return lines.map((line) => h('span', {}, line))
}

function savedLine({ seq, time }: NonNullable<Word['saved']>): string {
  if (time === null) return t('word.saved.seq', { seq })
  return t('word.saved.at', { seq, time: new Date(time).toLocaleTimeString() })
}
