/**
 * A toggle as it is seen: a button that opens and closes it. Open or closed is each person's own and never written.
 *
 * The class and the event are those of Tiptap's extension-details, whose keys and selections look at what is visible.
 */
import type { Editor } from '@tiptap/core'
import { Details } from '@tiptap/extension-details'
import type { Node } from '@tiptap/pm/model'
import { TextSelection } from '@tiptap/pm/state'
import { ChevronRight } from 'lucide'
import { h, icon } from '../../dom'
import { t } from '../../strings'

const OPEN = 'is-open'

export const Toggle = Details.extend({
  addNodeView() {
    return ({ node }) => {
      const button = h('button', { type: 'button', class: 'toggle-button' }, icon(ChevronRight))
      const handle = h('div', { class: 'toggle-handle', contenteditable: 'false' }, button)
      const body = h('div', { class: 'toggle-body' })
      const dom = h('div', { class: 'toggle', 'data-type': 'details' }, handle, body)
      const name = (of: Node) => t('toggle.name', { text: of.firstChild?.textContent || t('placeholder.toggle') })
      const show = (open: boolean) => {
        dom.classList.toggle(OPEN, open)
        button.setAttribute('aria-expanded', String(open))
        const content = body.querySelector<HTMLElement>(':scope > [data-type="detailsContent"]')
        if (content && content.hidden === open) content.dispatchEvent(new Event('toggleDetailsContent'))
      }
      button.setAttribute('aria-expanded', 'false')
      button.setAttribute('aria-label', name(node))
      button.addEventListener('click', () => show(!dom.classList.contains(OPEN)))
      dom.addEventListener('toggle-open', (event) => {
        if (event.target === dom) show(true)
      })
      return {
        dom,
        contentDOM: body,
        update(next) {
          if (next.type !== node.type) return false
          button.setAttribute('aria-label', name(next))
          queueMicrotask(() => show(dom.classList.contains(OPEN))) // its content may be another element now
          return true
        },
        stopEvent: (event) => handle.contains(event.target as HTMLElement),
        ignoreMutation: (mutation) =>
          mutation.type !== 'selection' && (mutation.target === dom || !body.contains(mutation.target)),
      }
    }
  },

  addKeyboardShortcuts() {
    return {
      ...this.parent?.(),
      Enter: ({ editor }) => enter(editor),
      'Mod-Enter': ({ editor }) => flip(editor),
    }
  },
})

/** Opens every toggle around a position, so that what is there can be seen. */
export function openToggles(editor: Editor, pos: number): void {
  const $pos = editor.state.doc.resolve(pos)
  for (let depth = 1; depth <= $pos.depth; depth += 1) {
    if ($pos.node(depth).type.name !== 'details') continue
    editor.view.nodeDOM($pos.before(depth))?.dispatchEvent(new Event('toggle-open'))
  }
}

/** Enter in the summary goes on in the content, and opens it. */
function enter(editor: Editor): boolean {
  const { $head } = editor.state.selection
  if ($head.parent.type.name !== 'detailsSummary') return false
  openToggles(editor, $head.pos)
  const start = $head.after() + 1
  const { tr } = editor.state
  const first = tr.doc.resolve(start).nodeAfter
  if (first?.type.name !== 'paragraph' || first.content.size > 0) {
    const paragraph = editor.schema.nodes.paragraph?.create()
    if (paragraph) tr.insert(start, paragraph)
  }
  editor.view.dispatch(tr.setSelection(TextSelection.create(tr.doc, start + 1)).scrollIntoView())
  return true
}

/** Opens or closes the toggle whose summary has the cursor. */
function flip(editor: Editor): boolean {
  const { $head } = editor.state.selection
  if ($head.parent.type.name !== 'detailsSummary') return false
  const dom = editor.view.nodeDOM($head.before(-1))
  if (dom instanceof HTMLElement) dom.querySelector<HTMLButtonElement>('.toggle-button')?.click()
  return true
}
