/**
 * Pasting and dropping: what comes from elsewhere is cleaned to what a document can hold before it goes in.
 *
 * Text of our own goes in as it is. Cleaning and Markdown are loaded when they are first needed. Nothing that would
 * freeze the page or be refused by the server goes in: the clipboard still holds it, and a notice says why.
 */
import { type Editor, Extension } from '@tiptap/core'
import { Plugin, Selection } from '@tiptap/pm/state'
import { bytes, t } from '../../strings'
import type { Desk, Feature } from '../features'
import { ownStep } from '../sync'
import { keepOwnImages } from './images'
import { looksLikeMarkdown } from './markdown-signs'
import { notice } from './notice'
import { withSoundValues } from './values'

/** Longer pages are pasted as their text: cleaning and drawing them would take seconds. Characters. */
const LONGEST_HTML = 1_500_000
/** Longer texts are not pasted at once: some 500 pages. Characters. */
const LONGEST_TEXT = 1_000_000
/** Of what the server takes as one message; the rest is for what Yjs adds around the letters. */
const SHARE_OF_MESSAGE = 4

const OWN = 'data-pm-slice'
const desks = new WeakMap<Editor, Desk>()

/** Tells the editor's paste rules what the server takes. */
export const mountPaste: Feature = (desk) => {
  desks.set(desk.editor, desk)
  return () => desks.delete(desk.editor)
}

export const PasteRules = Extension.create({
  name: 'pasteRules',
  priority: 200, // before pictures and links, which leave alone what is taken here

  addProseMirrorPlugins() {
    const { editor } = this
    let plainWanted = false
    return [
      new Plugin({
        props: {
          handleDOMEvents: {
            keydown(_, event) {
              plainWanted = event.shiftKey && event.key.toLowerCase() === 'v'
              return false
            },
            // Not handlePaste and handleDrop: ProseMirror has read all of the HTML before it asks them.
            paste(view, event) {
              const isPlain = plainWanted
              plainWanted = false
              const data = event.clipboardData
              if (data === null || !view.editable || !take(editor, data, isPlain)) return false
              event.preventDefault()
              return true
            },
            drop(view, event) {
              const { dataTransfer: data, clientX: left, clientY: top } = event
              if (data === null || view.dragging || data.files.length > 0 || !view.editable) return false
              const at = view.posAtCoords({ left, top })
              if (at === null || !mayTake(data)) return false
              view.dispatch(view.state.tr.setSelection(Selection.near(view.state.doc.resolve(at.pos))))
              view.focus()
              if (!take(editor, data, false)) return false
              event.preventDefault()
              return true
            },
          },
          transformPasted: (slice) => withSoundValues(keepOwnImages(slice)),
        },
      }),
    ]
  },
})

const mayTake = (data: DataTransfer): boolean => data.types.includes('text/html') || data.types.includes('text/plain')

/** Says whether it took the paste upon itself; if not, it goes in as ProseMirror and other plugins do it. */
function take(editor: Editor, data: DataTransfer, isPlain: boolean): boolean {
  const html = isPlain || data.types.includes('vscode-editor-data') ? '' : data.getData('text/html')
  const text = data.getData('text/plain').replace(/\r\n?/g, '\n')
  const limit = Math.min(
    LONGEST_TEXT,
    (desks.get(editor)?.provider.limits?.messageBytes ?? Infinity) / SHARE_OF_MESSAGE,
  )
  const isOwn = html.includes(OWN)
  const isLong = html.length > (isOwn ? limit * SHARE_OF_MESSAGE : LONGEST_HTML)
  if ((html === '' || isLong) && text.length > limit) return refuse(text.length, limit)
  if (isLong) return pastePlain(editor, text, 'paste.plain')
  ownStep(editor.state)
  if (isPlain || isOwn || editor.isActive('codeBlock')) return false
  if (html !== '') return !(data.files.length > 0 && isWordless(html)) && pasteForeign(editor, html, text)
  return looksLikeMarkdown(text) && pasteMarkdown(editor, text)
}

/** A picture copied in a browser: the file is better than the address. */
const isWordless = (html: string): boolean => html.replace(/<!--.*?-->|<[^>]*>/gs, '').trim() === ''

function pasteMarkdown(editor: Editor, text: string): true {
  const paste = ({ renderMarkdown }: typeof import('./markdown')) => {
    if (!editor.isDestroyed && editor.isEditable) editor.view.pasteHTML(renderMarkdown(text))
  }
  void import('./markdown').then(paste, () => pasteUncleaned(editor, text))
  return true
}

function pasteForeign(editor: Editor, html: string, text: string): true {
  const paste = ({ clean, TooLarge }: typeof import('./foreign')) => {
    if (editor.isDestroyed || !editor.isEditable) return
    try {
      const cleaned = clean(html)
      if (cleaned !== '') editor.view.pasteHTML(cleaned)
      else if (looksLikeMarkdown(text)) pasteMarkdown(editor, text)
      else if (text !== '') editor.view.pasteText(text)
    } catch (problem) {
      if (!(problem instanceof TooLarge)) console.error('coscribe: paste', problem)
      pastePlain(editor, text, problem instanceof TooLarge ? 'paste.plain' : 'paste.failed')
    }
  }
  void import('./foreign').then(paste, () => pasteUncleaned(editor, text))
  return true
}

/** The words at least, where the rest of the page cannot be fetched: what was pasted is never swallowed. */
function pasteUncleaned(editor: Editor, text: string): void {
  if (!editor.isDestroyed && editor.isEditable) pastePlain(editor, text, 'paste.failed')
}

function pastePlain(editor: Editor, text: string, why: 'paste.plain' | 'paste.failed'): true {
  editor.view.pasteText(text)
  notice(t(why))
  return true
}

function refuse(size: number, limit: number): true {
  notice(t('paste.tooLarge', { size: bytes(size), limit: bytes(limit) }), 'bad')
  return true
}
