/**
 * Find and replace: the keys that open it. The rest is loaded when it is first asked for.
 *
 * Ctrl+F is ours in a document; pressed again in our own field it is the browser's.
 */
import type { Editor } from '@tiptap/core'
import type { Feature } from '../features'
import { isMac } from '../keys'
import { whenAskedFor } from '../parts'

export const mountFind: Feature = ({ editor }) => {
  const onKey = (event: KeyboardEvent) => {
    const wanted = askedFor(event)
    if (wanted === null || document.querySelector('dialog[open]') !== null) return
    if (wanted === 'find' && event.target instanceof Element && event.target.closest('.find') !== null) return
    event.preventDefault()
    openFind(editor, wanted === 'replace')
  }
  window.addEventListener('keydown', onKey)
  return () => {
    window.removeEventListener('keydown', onKey)
    close()
  }
}

let close = () => {}

/** Opens the bar. What is typed while it is loaded is meant for it, and not for the text. */
export function openFind(editor: Editor, withReplace = false): void {
  let typed = ''
  const keep = (event: KeyboardEvent) => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.isComposing) return
    typed += event.key
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  window.addEventListener('keydown', keep, { capture: true })
  const fetched = import('./bar').finally(() => window.removeEventListener('keydown', keep, { capture: true }))
  whenAskedFor(fetched, ({ showFind }) => {
    if (!editor.isDestroyed) close = showFind(editor, { withReplace, typed })
  })
}

function askedFor({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): 'find' | 'replace' | null {
  if (!(isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey)) return null
  const letter = key.toLowerCase()
  if (letter === 'f' && !shiftKey) return isMac && altKey ? 'replace' : altKey ? null : 'find'
  if (letter === 'h' && (isMac ? shiftKey : !shiftKey && !altKey)) return 'replace'
  return null
}
