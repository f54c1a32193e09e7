/**
 * Formulas as they are seen. The typesetter is loaded when a document has one; until then the source shows.
 *
 * A click, or Enter when it is selected, opens the source (`popover.ts`).
 */
import { type Editor, InputRule, type NodeViewRendererProps } from '@tiptap/core'
import type { Fragment, Node } from '@tiptap/pm/model'
import { NodeSelection, type Transaction } from '@tiptap/pm/state'
import { ReplaceStep } from '@tiptap/pm/transform'
import type { NodeView } from '@tiptap/pm/view'
import { ySyncPluginKey } from '@tiptap/y-tiptap'
import { h } from '../../dom'
import { t } from '../../strings'
import { whenAskedFor, whenFetched } from '../parts'
import { BlockMath as BlockMathNode, InlineMath as InlineMathNode } from '../schema/math'

export const InlineMath = InlineMathNode.extend({
  addNodeView: () => (props) => mathView(props, false),
  addKeyboardShortcuts: () => ({ Enter: ({ editor }) => editSelected(editor, 'inlineMath') }),
  onTransaction({ editor, transaction }) {
    askForSource(editor, transaction, 'inlineMath')
  },
  addInputRules() {
    // A dollar before a space or a digit is money more often than mathematics.
    const find = /(?:^|[\s(])(\$([^$\s](?:[^$]*[^$\s])?)\$)$/
    return [
      new InputRule({
        find,
        handler: ({ state, range, match }) => {
          const [whole, , latex = ''] = match
          if (/^\d/.test(latex) && !/[\\^_=+{}]/.test(latex)) return null
          const from = range.from + whole.indexOf('$')
          state.tr.replaceWith(from, range.to, this.type.create({ latex }))
          return undefined
        },
      }),
    ]
  },
})

export const BlockMath = BlockMathNode.extend({
  addNodeView: () => (props) => mathView(props, true),
  addKeyboardShortcuts: () => ({ Enter: ({ editor }) => editSelected(editor, 'blockMath') }),
  onTransaction({ editor, transaction }) {
    askForSource(editor, transaction, 'blockMath')
  },
  addInputRules() {
    return [
      new InputRule({
        find: /^\$\$\s$/,
        handler: ({ range, chain }) => {
          chain().deleteRange(range).insertContent({ type: 'blockMath' }).run()
        },
      }),
    ]
  },
})

/** A formula that this page has just put in without a source asks for one; those of others and of undo do not. */
function askForSource(editor: Editor, transaction: Transaction, name: string): void {
  if (!transaction.docChanged || transaction.getMeta(ySyncPluginKey) !== undefined) return
  const isBlank = (node: Node | null) => node?.type.name === name && node.attrs.latex === ''
  if (!transaction.steps.some((step) => step instanceof ReplaceStep && someNode(step.slice.content, isBlank))) return
  const { doc, selection } = transaction
  const places = [selection.from, selection.from - 1, selection.from - 2].filter((at) => at >= 0)
  const pos = places.find((at) => isBlank(doc.nodeAt(at)))
  if (pos !== undefined) queueMicrotask(() => edit(editor, pos))
}

function someNode(content: Fragment, is: (node: Node) => boolean): boolean {
  let found = false
  content.descendants((node) => {
    found ||= is(node)
    return !found
  })
  return found
}

function mathView({ node, editor, getPos }: NodeViewRendererProps, display: boolean): NodeView {
  const dom = h(display ? 'div' : 'span', { class: display ? 'math math-block' : 'math' })
  const ending = new AbortController()
  let shown = node
  const show = () => {
    const latex = String(shown.attrs.latex)
    dom.dataset.latex = latex
    if (latex.trim() === '') {
      dom.replaceChildren(h('span', { class: 'math-empty' }, t(display ? 'math.emptyBlock' : 'math.empty')))
      return
    }
    if (dom.childElementCount === 0) dom.replaceChildren(latex) // else what it showed stays until it is typeset anew
    typesetLater(dom, latex, display, ending.signal)
  }
  show()
  dom.addEventListener('click', () => {
    const pos = getPos()
    if (pos !== undefined) edit(editor, pos)
  })
  return {
    dom,
    update(next) {
      if (next.type !== node.type) return false
      const isOther = next.attrs.latex !== shown.attrs.latex
      shown = next
      if (isOther) show()
      return true
    },
    ignoreMutation: () => true,
    destroy: () => ending.abort(),
  }
}

function typesetLater(dom: HTMLElement, latex: string, display: boolean, signal: AbortSignal): void {
  const use = ({ typeset }: typeof import('./typeset')) => {
    if (dom.dataset.latex === latex) typeset(dom, latex, display)
  }
  whenFetched(() => import('./typeset'), use, signal)
}

function editSelected(editor: Editor, name: string): boolean {
  const { selection } = editor.state
  if (!(selection instanceof NodeSelection) || selection.node.type.name !== name) return false
  edit(editor, selection.from)
  return true
}

function edit(editor: Editor, pos: number): void {
  if (!editor.isEditable) return
  const node: Node | null = editor.state.doc.nodeAt(pos)
  if (node === null) return
  editor.view.dispatch(editor.state.tr.setSelection(NodeSelection.create(editor.state.doc, pos)))
  whenAskedFor(import('./popover'), ({ openSource }) => openSource(editor, pos))
}
