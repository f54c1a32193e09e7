/**
 * A browser tells of a caret that moved in a task of its own, and something else may come first. So the caret is asked for
 * where it matters: before a key (Ctrl+End and Enter in a busy moment would split the line where the caret was before), and
 * when somebody else's edit or caret is drawn (which would put one's own back to where it was).
 */
import { Extension } from '@tiptap/core'
import { type EditorState, Plugin, TextSelection, type Transaction } from '@tiptap/pm/state'
import type { EditorView } from '@tiptap/pm/view'
import { yCursorPluginKey, ySyncPluginKey } from '@tiptap/y-tiptap'

export const InStep = Extension.create({
  name: 'inStep',
  addProseMirrorPlugins() {
    let view: EditorView | null = null
    return [
      new Plugin({
        props: {
          handleDOMEvents: {
            keydown: (view, event) => {
              if (!view.composing && !event.isComposing)
                view.dom.ownerDocument.dispatchEvent(new Event('selectionchange'))
              return false
            },
          },
        },
        appendTransaction: (transactions, before, state) => {
          if (view === null || !transactions.some(comesFromElsewhere)) return null
          const moved = movedCaret(view, before)
          return moved === null ? null : follow(moved, transactions, state)
        },
        view: (mounted) => {
          view = mounted
          return {
            destroy: () => {
              view = null
            },
          }
        },
      }),
    ]
  },
})

function comesFromElsewhere(transaction: Transaction): boolean {
  const { isChangeOrigin = false, isUndoRedoOperation = false } = transaction.getMeta(ySyncPluginKey) ?? {}
  return (isChangeOrigin && !isUndoRedoOperation) || transaction.getMeta(yCursorPluginKey) !== undefined
}

/** Where the browser's caret is while the page still shows `before`, if that is not where `before` has it. */
function movedCaret(view: EditorView, before: EditorState): { anchor: number; head: number } | null {
  if (!(before.selection instanceof TextSelection) || view.composing || !view.hasFocus()) return null
  const { anchorNode, anchorOffset, focusNode, focusOffset } = view.dom.ownerDocument.getSelection() as Selection
  if (!view.dom.contains(anchorNode) || !view.dom.contains(focusNode)) return null
  const anchor = view.posAtDOM(anchorNode as Node, anchorOffset, 1)
  const head = view.posAtDOM(focusNode as Node, focusOffset, 1)
  if (anchor === before.selection.anchor && head === before.selection.head) return null
  const isText = [anchor, head].every((at) => before.doc.resolve(at).parent.inlineContent)
  return isText ? { anchor, head } : null
}

function follow(
  { anchor, head }: { anchor: number; head: number },
  transactions: readonly Transaction[],
  { doc, tr }: EditorState,
): Transaction {
  const map = (at: number) => transactions.reduce((place, { mapping }) => mapping.map(place), at)
  return tr.setSelection(TextSelection.between(doc.resolve(map(anchor)), doc.resolve(map(head))))
}
