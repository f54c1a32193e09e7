/**
 * While a word is composed (Japanese, Korean, most keyboards of phones) the browser must find its line as it left it: one
 * that changes under it leaves what was composed so far there, and the word comes a second time.
 */

/** A word left open holds nobody's text up for longer. Keyboards of phones compose every word, and leave the last open. */
const OPEN_MS = /Android/.test(navigator.userAgent) ? 2_000 : 30_000

/** Calls `hold` when a word is begun or goes on, `release` when it is chosen or left; the answer ends it. */
export function watchComposing(editor: HTMLElement, hold: () => void, release: () => void): () => void {
  const ending = new AbortController()
  const { signal } = ending
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = () => {
    clearTimeout(timer)
    release()
  }
  const goOn = () => {
    hold()
    clearTimeout(timer)
    timer = setTimeout(end, OPEN_MS)
  }
  editor.addEventListener('compositionstart', goOn, { signal })
  editor.addEventListener('compositionupdate', goOn, { signal })
  editor.addEventListener('compositionend', () => queueMicrotask(end), { signal }) // ProseMirror reads the word first
  editor.addEventListener('blur', end, { signal })
  return () => {
    ending.abort()
    end()
  }
}
