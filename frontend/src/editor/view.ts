/** Makes the editor on a shared document; it knows Yjs and awareness, not how they reach the server. */
import { Editor } from '@tiptap/core'
import { Collaboration } from '@tiptap/extension-collaboration'
import { CollaborationCaret } from '@tiptap/extension-collaboration-caret'
import type { Awareness } from 'y-protocols/awareness'
import type { Doc } from 'yjs'
import { t } from '../strings'
import { renderCaret, renderSelection } from './caret'
import { contentExtensions } from './extensions'

/** The Yjs fragment that holds the text. */
export const FRAGMENT = 'default'

export interface EditorOptions {
  element: HTMLElement
  doc: Doc
  awareness: Awareness
  person: { id: string; name: string; color: string }
  editable: boolean
}

export function createEditor({ element, doc, awareness, person, editable }: EditorOptions): Editor {
  return new Editor({
    element,
    editable,
    injectCSS: false, // the CSP forbids style elements; styles/editor.css has the rules
    extensions: [
      ...contentExtensions(),
      Collaboration.configure({ document: doc, field: FRAGMENT }),
      CollaborationCaret.configure({
        provider: { awareness },
        user: person,
        render: renderCaret,
        selectionRender: renderSelection,
      }),
    ],
    editorProps: {
      attributes: {
        class: 'prose',
        role: 'textbox',
        'aria-multiline': 'true',
        'aria-readonly': String(!editable),
        'aria-label': t('editor.label'),
        'data-testid': 'editor',
        dir: 'auto',
        spellcheck: 'true',
      },
    },
  })
}

/** Locks or unlocks in place: the text, the caret and the scroll position stay. */
export function setEditable(editor: Editor, editable: boolean): void {
  if (editor.isEditable === editable) return
  editor.setEditable(editable, false)
  editor.view.dom.setAttribute('aria-readonly', String(!editable))
}
