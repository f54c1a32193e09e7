/** A callout as it is seen: its picture is a button with a menu of the kinds. */
import { type Editor, findParentNode } from '@tiptap/core'
import { CircleAlert, type IconNode, Info, Lightbulb, TriangleAlert } from 'lucide'
import { h, icon } from '../../dom'
import { mountMenu } from '../../menu'
import { t } from '../../strings'
import { CALLOUT_KINDS, type CalloutKind, Callout as CalloutNode, isCalloutKind } from '../schema/callout'
import { forWriters } from './writers'

const ICONS: Record<CalloutKind, IconNode> = {
  note: Info,
  tip: Lightbulb,
  warning: TriangleAlert,
  danger: CircleAlert,
}

export const Callout = CalloutNode.extend({
  addNodeView() {
    return ({ node, editor, getPos }) => {
      let kind = node.attrs.kind as CalloutKind
      const button = h('button', { type: 'button', class: 'callout-kind', 'data-testid': 'callout-kind' })
      const bar = h('div', { class: 'callout-bar', contenteditable: 'false' }, button)
      const body = h('div', { class: 'callout-body' })
      const dom = h('aside', { class: 'callout' }, bar, body)
      const show = (next: unknown) => {
        kind = isCalloutKind(next) ? next : 'note'
        dom.dataset.callout = kind
        const name = t('callout.kind', { kind: t(`callout.${kind}`) })
        button.setAttribute('aria-label', name)
        button.title = name
        button.replaceChildren(icon(ICONS[kind]))
      }
      show(kind)
      const menu = mountMenu(button, () => [
        {
          group: t('callout.kinds'),
          items: CALLOUT_KINDS.map((each) => ({
            label: t(`callout.${each}`),
            icon: icon(ICONS[each]),
            checked: each === kind,
            run: () => setKind(editor, getPos(), each),
          })),
        },
      ])
      forWriters(button, editor)
      return {
        dom,
        contentDOM: body,
        update(next) {
          if (next.type !== node.type) return false
          if (next.attrs.kind !== kind) show(next.attrs.kind)
          return true
        },
        stopEvent: (event) => bar.contains(event.target as Node),
        ignoreMutation: (mutation) => mutation.type !== 'selection' && !body.contains(mutation.target),
        destroy: () => menu.destroy(),
      }
    }
  },

  addKeyboardShortcuts() {
    return {
      Backspace: ({ editor }) => leaveAtStart(editor),
      Enter: ({ editor }) => leaveAtEnd(editor),
    }
  },
})

function setKind(editor: Editor, pos: number | undefined, kind: CalloutKind): void {
  if (pos === undefined) return
  editor.view.dispatch(editor.state.tr.setNodeAttribute(pos, 'kind', kind))
  editor.view.focus()
}

/** Backspace before the first letter takes the blocks out of the callout. */
function leaveAtStart(editor: Editor): boolean {
  const { selection } = editor.state
  const callout = findParentNode(({ type }) => type.name === 'callout')(selection)
  if (!callout || !selection.empty || selection.from !== callout.start + 1) return false
  return editor.commands.lift('callout')
}

/** Enter on an empty last line goes on below the callout. */
function leaveAtEnd(editor: Editor): boolean {
  const { $from, empty } = editor.state.selection
  if (!empty || $from.depth < 2 || $from.node(-1).type.name !== 'callout') return false
  const callout = $from.node(-1)
  const isLast = $from.index(-1) === callout.childCount - 1
  if (!isLast || callout.childCount < 2 || $from.parent.type.name !== 'paragraph' || $from.parent.content.size > 0) {
    return false
  }
  return editor.commands.liftEmptyBlock()
}
