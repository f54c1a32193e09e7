/** Makes the editor on a shared document; it knows Yjs and awareness, not how they reach the server. */
import { Editor } from '@tiptap/core'
import type { Awareness } from 'y-protocols/awareness'
import type { Doc } from 'yjs'
import type { Page } from '../page'
import { t } from '../strings'
import { carets } from './caret'
import { editorExtensions } from './extensions'
import { type Foreign, sharedText } from './sync'

/** The Yjs fragment that holds the text. */
export const FRAGMENT = 'default'

/** The bars over and under the text: the caret is not scrolled under them. */
const BARS_PX = { top: 116, bottom: 56, left: 0, right: 0 }

export interface EditorOptions {
  element: HTMLElement
  doc: Doc
  awareness: Awareness
  page: Page
  editable: boolean
  /** Hears of content that the page cannot show (it must lock then), and of its end. */
  onForeign: (foreign: Foreign | null) => void
}

export function createEditor({ element, doc, awareness, page, editable, onForeign }: EditorOptions): Editor {
  return new Editor({
    element,
    editable,
    injectCSS: false, // the CSP forbids style elements; styles/editor.css has the rules
    extensions: [
      ...editorExtensions(page),
      sharedText({ fragment: doc.getXmlFragment(FRAGMENT), onForeign }),
      carets(awareness, page.person.id, FRAGMENT),
    ],
    editorProps: {
      scrollThreshold: BARS_PX,
      scrollMargin: BARS_PX,
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
