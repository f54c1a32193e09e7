/** Links while one writes: Ctrl+K, addresses typed and pasted, Ctrl+click; and the card at the link of the caret. */
import { type Editor, Extension, getMarkRange, InputRule, type Range } from '@tiptap/core'
import { type EditorState, Plugin } from '@tiptap/pm/state'
import type { Desk } from './features'
import { pastedHref, typedHref } from './link-rules'
import { whenAskedFor, whenFetched } from './parts'
import { eachFrame } from './toolbar/bar'

const card = () => import('./link-card')

export const LinkTyping = Extension.create({
  name: 'linkTyping',

  // A rule answers the keys of this page only: what others write comes in another way and is left as they made it.
  addInputRules() {
    return [
      new InputRule({
        find: (text) => {
          const found = text.endsWith(' ') ? typedHref(text.slice(0, -1)) : null
          return found && { text: text.slice(text.lastIndexOf(found.written)), index: text.lastIndexOf(found.written) }
        },
        handler: ({ state, range, match }) => {
          const found = typedHref(match[0].slice(0, -1))
          if (found === null || !mark(state, range.from, found)) return null
          state.tr.insertText(' ', range.to).removeStoredMark(state.schema.mark('link'))
        },
      }),
    ]
  },

  addKeyboardShortcuts() {
    return {
      'Mod-k': ({ editor }) => {
        if (!editor.isEditable || !editor.can().setMark('link')) return false
        whenAskedFor(card(), ({ editLink }) => editLink(editor))
        return true
      },
      Enter: ({ editor }) => {
        linkBefore(editor)
        return false // the line is still to be broken
      },
    }
  },

  addProseMirrorPlugins() {
    const { editor } = this
    return [
      new Plugin({
        props: {
          handlePaste: (_view, event) => pasteLink(editor, event),
          handleDOMEvents: {
            click: (_view, event) => followLink(editor, event),
          },
        },
      }),
    ]
  },
})

/** Links the written address that starts at `from`; false when it is linked already. */
function mark(state: EditorState, from: number, { href, written }: { href: string; written: string }): boolean {
  const link = state.schema.marks.link
  const to = from + written.length
  if (!link || state.doc.textBetween(from, to) !== written || state.doc.rangeHasMark(from, to, link)) return false
  state.tr.addMark(from, to, link.create({ href }))
  return true
}

/** Links the address that stands right before the caret. */
function linkBefore(editor: Editor): void {
  const { $from, empty } = editor.state.selection
  if (!empty || $from.parent.type.spec.code || $from.marks().some(({ type }) => type.spec.code)) return
  const before = $from.parent.textBetween(0, $from.parentOffset, undefined, '\ufffc')
  const found = typedHref(before)
  if (found === null) return
  const start = $from.start() + before.lastIndexOf(found.written)
  editor.commands.command(({ state }) => mark(state, start, found))
}

/** An address pasted over words links them; pasted alone it is a link. */
function pasteLink(editor: Editor, event: ClipboardEvent): boolean {
  const href = pastedHref(event.clipboardData?.getData('text/plain') ?? '')
  const { $from, empty } = editor.state.selection
  if (href === null || !editor.isEditable || $from.parent.type.spec.code || !editor.can().setMark('link')) return false
  if (!empty) return editor.chain().setLink(href).run()
  const text = event.clipboardData?.getData('text/plain').trim() ?? href
  return editor.commands.insertContent({ type: 'text', text, marks: [{ type: 'link', attrs: { href } }] })
}

/** A reader's click follows a link by itself; who edits holds Ctrl (or ⌘), for a click only sets the caret. */
function followLink(editor: Editor, event: MouseEvent): boolean {
  if (!editor.isEditable || !(event.ctrlKey || event.metaKey) || !(event.target instanceof Element)) return false
  const link = event.target.closest('a')
  if (link === null || link.href === '') return false
  event.preventDefault()
  window.open(link.href, '_blank', 'noopener,noreferrer')
  return true
}

/** Where the link around the caret is; null at its edges, where one writes before or after it. */
export function linkAround({ selection, schema }: EditorState): Range | null {
  const { $from, empty } = selection
  const link = schema.marks.link
  const range = (empty && link && getMarkRange($from, link)) || null
  return range && range.from < $from.pos && $from.pos < range.to ? range : null
}

/** Shows the card while the caret is in a link. */
export function mountLinks({ editor }: Desk): () => void {
  let links: typeof import('./link-card') | null = null
  let asked = false
  let shown = false
  const ending = new AbortController()
  const show = () => links?.showLink(editor, shown && linkAround(editor.state) !== null)
  const stop = eachFrame(editor, () => {
    const wanted = editor.isEditable && editor.view.hasFocus() && linkAround(editor.state) !== null
    if (!wanted && !shown) return
    shown = wanted
    if (asked) return show()
    asked = true
    const use = (fetched: typeof import('./link-card')) => {
      links = fetched
      show()
    }
    whenFetched(card, use, ending.signal)
  })
  return () => {
    stop()
    ending.abort()
    void card().then(
      ({ leaveLinks }) => leaveLinks(editor),
      () => {}, // then there is none to leave
    )
  }
}
