/** Where one begins to write in a document that was just opened. */
import type { Editor } from '@tiptap/core'

/** In the address of a document that was made for whoever opens it: documents/welcome_views.py. */
export const WRITE = '#write'

/** Puts the cursor into an empty document, or behind the first paragraph of one that was opened to write in. */
export function beginWriting(editor: Editor, page: Location = location): void {
  if (!editor.isEditable || document.activeElement !== document.body) return
  if (editor.isEmpty) {
    editor.commands.focus()
  } else if (page.hash === WRITE) {
    history.replaceState(null, '', page.pathname + page.search) // once: not again after a reload
    editor.commands.focus(endOfFirstParagraph(editor))
  }
}

function endOfFirstParagraph({ state: { doc } }: Editor): number | 'start' {
  let end: number | null = null
  doc.forEach((node, offset) => {
    if (end === null && node.isTextblock && node.type.name === 'paragraph') end = offset + node.nodeSize - 1
  })
  return end ?? 'start'
}
