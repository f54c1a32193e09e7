/** Controls within the text that change the document: readers see them, but cannot use them. */
import type { Editor } from '@tiptap/core'

const MARK = 'data-writers'

export function forWriters(control: HTMLInputElement | HTMLButtonElement | HTMLSelectElement, editor: Editor): void {
  control.setAttribute(MARK, '')
  control.disabled = !editor.isEditable
}

/** Keeps them in step with the right to write, which may come and go while the page stands. */
export function mountWriters(editor: Editor): () => void {
  const { dom } = editor.view
  const show = () => {
    for (const control of dom.querySelectorAll<HTMLInputElement>(`[${MARK}]`)) control.disabled = !editor.isEditable
  }
  const rights = new MutationObserver(show)
  rights.observe(dom, { attributes: true, attributeFilter: ['aria-readonly', 'contenteditable'] })
  return () => rights.disconnect()
}
