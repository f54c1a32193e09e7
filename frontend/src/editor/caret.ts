/**
 * The caret and the selection of another person; the name shows while that person types or moves, then fades.
 *
 * Name and colour come from others: the name goes in as text, the colour only as a checked custom property.
 */
import { Extension } from '@tiptap/core'
import type { EditorState } from '@tiptap/pm/state'
import { type DecorationAttrs, DecorationSet } from '@tiptap/pm/view'
import { yCursorPlugin, yCursorPluginKey, ySyncPluginKey } from '@tiptap/y-tiptap'
import type { Awareness } from 'y-protocols/awareness'
import { calledOf } from '../collab/called'
import { isCursor } from '../collab/cursor'
import { personIn, safeColor } from '../collab/presence'

const LABEL_MS = 2_500

/** Shows the carets of others in the fragment `root`; those of one's own other tabs are nobody else's. */
export const carets = (awareness: Awareness, ownId: string, root: string) =>
  Extension.create({
    name: 'carets',
    addProseMirrorPlugins() {
      // After an own act on whole blocks none is shown until the next news, which may be one's own.
      const areHidden = () => yCursorPluginKey.getState(this.editor.state) === DecorationSet.empty
      return [
        yCursorPlugin(newsOfOthers(awareness, areHidden), {
          awarenessStateFilter: (own: number, client: number, state: { user?: unknown; cursor?: unknown }) =>
            own !== client && personIn(state.user)?.id !== ownId && isCursor(state.cursor, root),
          getSelection: ownSelection,
          cursorBuilder: renderCaret,
          selectionBuilder: renderSelection,
        }),
      ]
    },
  })

type Change = { added: number[]; updated: number[]; removed: number[] }
type Listener = (change: Change, origin: unknown) => void

/** The same awareness, which keeps to itself that only the own caret moved (with each key), unless that is `wanted`. */
function newsOfOthers(awareness: Awareness, wanted: () => boolean): Awareness {
  const heard = new Map<Listener, Listener>()
  return Object.assign(Object.create(awareness), {
    on(name: 'change', listener: Listener) {
      const only: Listener = (change, origin) => {
        const clients = [...change.added, ...change.updated, ...change.removed]
        if (clients.some((client) => client !== awareness.clientID) || wanted()) listener(change, origin)
      }
      heard.set(listener, only)
      awareness.on(name, only)
    },
    off: (name: 'change', listener: Listener) => awareness.off(name, heard.get(listener) ?? listener),
  })
}

/** What others are shown of the own selection: the beginning, in a document in which no place can be counted. */
function ownSelection(state: EditorState): { anchor: number; head: number } {
  const { foreign } = ySyncPluginKey.getState(state).binding
  return foreign === null ? state.selection : { anchor: 0, head: 0 }
}

function renderCaret(user: Record<string, unknown>): HTMLElement {
  const caret = document.createElement('span')
  caret.className = 'caret'
  caret.setAttribute('aria-hidden', 'true') // not part of the text
  caret.dataset.person = String(user.id)
  caret.style.setProperty('--c', safeColor(user.color))
  const label = document.createElement('b')
  label.textContent = calledOf({ name: String(user.name), guest: user.guest === true })
  caret.append(label)
  if (talking.has(caret.dataset.person)) caret.classList.add('talking')
  edges?.observe(label)
  return caret
}

/** Turns a name that reaches over the edge of the window to the other side of its caret. */
let edges: IntersectionObserver | null = null

function turn(seen: IntersectionObserverEntry[]): void {
  for (const { target, boundingClientRect, rootBounds } of seen) {
    if (boundingClientRect.left < 0 || boundingClientRect.right > (rootBounds?.right ?? innerWidth))
      target.parentElement?.classList.toggle('turned')
  }
}

function renderSelection(user: Record<string, unknown>): DecorationAttrs {
  return { class: 'selected-by', style: `--c: ${safeColor(user.color)}` }
}

const talking = new Map<string, ReturnType<typeof setTimeout>>()

/** Shows the names of those whose caret moves; the answer ends it. */
export function watchCarets(awareness: Awareness, root: ParentNode): () => void {
  const onChange = ({ added, updated }: { added: number[]; updated: number[] }) => {
    for (const client of [...added, ...updated]) {
      const state = awareness.getStates().get(client)
      const person = client === awareness.clientID ? null : personIn(state?.user)
      if (person !== null && state?.cursor) talk(person.id, root)
    }
  }
  const edgesHere = new IntersectionObserver(turn, { threshold: [0, 1] })
  edges = edgesHere
  const turnBack = () => {
    for (const caret of root.querySelectorAll('.caret.turned')) caret.classList.remove('turned')
  }
  awareness.on('change', onChange)
  window.addEventListener('resize', turnBack)
  return () => {
    awareness.off('change', onChange)
    window.removeEventListener('resize', turnBack)
    edgesHere.disconnect()
  }
}

function talk(personId: string, root: ParentNode): void {
  clearTimeout(talking.get(personId))
  const show = (on: boolean) => {
    for (const caret of root.querySelectorAll<HTMLElement>('.caret')) {
      if (caret.dataset.person === personId) caret.classList.toggle('talking', on)
    }
  }
  talking.set(
    personId,
    setTimeout(() => {
      talking.delete(personId)
      show(false)
    }, LABEL_MS),
  )
  show(true)
}
