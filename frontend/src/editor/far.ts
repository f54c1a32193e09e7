/**
 * What blocks far off the screen need so that they can wait (`styles/far.css`).
 *
 * The whole text is laid out once, when nobody waits for it: then each of them keeps the height that it really has, and
 * neither the scrollbar nor a jump is wrong about where things are. Only long texts do this, and the blocks at the caret
 * never wait: what waits has no layout until the next frame, and a letter typed into a new line before that would leave
 * the caret before it. For the same reason the browser cannot take the caret to the end by itself.
 */
import { Extension } from '@tiptap/core'
import { type Command, type EditorState, Plugin, Selection, TextSelection } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'
import type { Desk } from './features'

const REST_MS = 800
/** Shorter texts, of some ten pages, are laid out whole. Blocks. */
const LONG = 150

export function mountFar({ stage, editor }: Desk): () => void {
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const layOut = () => {
    stage.classList.add('laid-out')
    // Browsers remember a height at the end of a frame in which the block was laid out.
    frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => stage.classList.remove('laid-out'))
    })
  }
  const rest = () => {
    clearTimeout(timer)
    timer = setTimeout(layOut, REST_MS)
  }
  let width = 0
  const watch = new ResizeObserver(() => {
    const { clientWidth } = editor.view.dom
    if (clientWidth !== width) rest() // at another width all heights are others
    width = clientWidth
  })
  watch.observe(editor.view.dom)
  const measure = () => stage.classList.toggle('long', editor.state.doc.childCount > LONG)
  measure()
  editor.on('update', measure)
  void document.fonts?.ready.then(rest)
  return () => {
    watch.disconnect()
    clearTimeout(timer)
    cancelAnimationFrame(frame)
    editor.off('update', measure)
    stage.classList.remove('laid-out', 'long')
  }
}

export const NearCaret = Extension.create({
  name: 'nearCaret',
  addProseMirrorPlugins: () => [new Plugin({ props: { decorations: nearCaret } })],
  addKeyboardShortcuts() {
    const run = (command: Command) => () => command(this.editor.state, this.editor.view.dispatch, this.editor.view)
    const [home, end] = [run(goTo(Selection.atStart)), run(goTo(Selection.atEnd))]
    const [toHome, toEnd] = [run(goTo(Selection.atStart, true)), run(goTo(Selection.atEnd, true))]
    return {
      ...{ 'Mod-Home': home, 'Meta-ArrowUp': home, 'Mod-End': end, 'Meta-ArrowDown': end },
      ...{
        'Shift-Mod-Home': toHome,
        'Shift-Meta-ArrowUp': toHome,
        'Shift-Mod-End': toEnd,
        'Shift-Meta-ArrowDown': toEnd,
      },
    }
  },
})

/** The caret to one end of the text; with `extend`, the selection from where it begins. Not into what is folded away. */
function goTo(end: (doc: EditorState['doc']) => Selection, extend = false): Command {
  return ({ doc, selection, tr }, dispatch, view) => {
    const there = end(doc)
    const { node } = view?.domAtPos(there.head) ?? {}
    const shown = node instanceof Element ? node : node?.parentElement
    if (shown?.checkVisibility?.() === false) return false // the browser knows where the last line is that can be seen
    const next = extend ? TextSelection.between(selection.$anchor, there.$head) : there
    dispatch?.(tr.setSelection(next).scrollIntoView())
    return true
  }
}

/** The block of the caret, and those beside it. */
function nearCaret({ doc, selection }: EditorState): DecorationSet {
  const { $head } = selection
  const index = $head.index(0)
  const near: Decoration[] = []
  for (let at = Math.max(0, index - 1); at <= Math.min(doc.childCount - 1, index + 1); at++) {
    const from = $head.posAtIndex(at, 0)
    near.push(Decoration.node(from, from + doc.child(at).nodeSize, { class: 'near' }))
  }
  return DecorationSet.create(doc, near)
}
