/** Mentions of people: a chip with the name they have now, and the list that opens after "@". */
import type { Editor, NodeViewRendererProps, Range } from '@tiptap/core'
import type { NodeView } from '@tiptap/pm/view'
import { safeColor } from '../../collab/presence'
import { h } from '../../dom'
import type { Page } from '../../page'
import { t } from '../../strings'
import { Mention as MentionNode } from '../schema/mention'
import { suggest } from '../suggest'
import { Directory, type Mentionable } from './directory'

const DEBOUNCE_MS = 120

/** The node with its view and its list, for the people of this document. */
export function mentionOf(page: Page) {
  // Guests are not told who else has the document: what they read of it is all they know.
  const directory = page.person.guest
    ? new Directory('', async <T>() => ({ people: [] }) as T)
    : new Directory(`${page.urls.api}people/`)
  return MentionNode.extend({
    addNodeView: () => (props) => mentionView(props, directory, page.person.id),
    addProseMirrorPlugins() {
      const { editor } = this
      return [
        suggest<Mentionable>({
          editor,
          name: 'mentionList',
          char: '@',
          label: t('mention.label'),
          items: (query) => directory.search(query).catch(() => []),
          show: (person) => ({
            id: person.id,
            label: person.name,
            lead: () => face(person),
            ...(person.id === page.person.id ? { keys: t('mention.you') } : {}),
          }),
          choose: insert,
          allow: (state, range) => {
            const type = state.schema.nodes.mention
            return type !== undefined && state.doc.resolve(range.from).parent.type.contentMatch.matchType(type) !== null
          },
          empty: () => t(navigator.onLine ? 'mention.none' : 'mention.offline'),
          spaces: true,
          debounceMs: DEBOUNCE_MS,
        }),
      ]
    },
  })
}

function insert(editor: Editor, range: Range, { id, name }: Mentionable): void {
  const after = editor.state.doc.resolve(range.to).nodeAfter
  const to = after?.text?.startsWith(' ') ? range.to + 1 : range.to // one space behind it, not two
  editor
    .chain()
    .focus()
    .insertContentAt({ from: range.from, to }, [
      { type: 'mention', attrs: { id, label: name } },
      { type: 'text', text: ' ' },
    ])
    .run()
}

function mentionView({ node, editor }: NodeViewRendererProps, directory: Directory, me: string): NodeView {
  const dom = h('span', { class: 'mention', contenteditable: 'false' })
  let shown = node
  const show = () => {
    const id = String(shown.attrs.id)
    const name = directory.nameOf(id) ?? String(shown.attrs.label)
    if (dom.textContent !== `@${name}`) dom.textContent = `@${name}`
    dom.dataset.mention = id
    dom.dataset.label = name // what a copy says
    dom.title = name
    dom.classList.toggle('me', id === me)
  }
  show()
  const stop = directory.onNames(show)
  return {
    dom,
    update(next) {
      if (editor.isDestroyed || next.type !== node.type) return false
      shown = next
      show()
      return true
    },
    selectNode: () => dom.classList.add('chosen'),
    deselectNode: () => dom.classList.remove('chosen'),
    ignoreMutation: () => true,
    destroy: stop,
  }
}

function face({ name, color }: Mentionable): HTMLElement {
  const [letter = ''] = name
  const element = h('span', { class: 'mention-face', 'aria-hidden': 'true' }, letter.toUpperCase())
  element.style.setProperty('--c', safeColor(color))
  return element
}
