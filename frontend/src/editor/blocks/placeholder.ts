/** What an empty line says while the cursor is in it, and what an empty document says. */
import { type Editor, Extension } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { type EditorState, Plugin } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'
import { t } from '../../strings'

export const Placeholder = Extension.create({
  name: 'placeholder',
  addProseMirrorPlugins() {
    return [new Plugin({ props: { decorations: (state) => decorations(state, this.editor) } })]
  },
})

function decorations({ doc, selection }: EditorState, editor: Editor): DecorationSet | null {
  const { $anchor, empty } = selection
  const line = $anchor.parent
  if (!editor.isEditable || !empty || !line.isTextblock || line.content.size > 0) return null
  const isOnly = doc.childCount === 1 && $anchor.depth === 1 && line.type.name === 'paragraph'
  const text = isOnly ? t('editor.placeholder') : placeholderOf(line, $anchor.depth)
  if (text === '') return null
  const look = { class: isOnly ? 'is-empty is-editor-empty' : 'is-empty', 'data-placeholder': text }
  return DecorationSet.create(doc, [Decoration.node($anchor.before(), $anchor.after(), look)])
}

function placeholderOf({ type, attrs }: Node, depth: number): string {
  if (type.name === 'heading') return t('placeholder.heading', { n: Number(attrs.level) })
  if (type.name === 'detailsSummary') return t('placeholder.toggle')
  return type.name === 'paragraph' && depth === 1 ? t('placeholder.line') : ''
}
