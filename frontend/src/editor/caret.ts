/**
 * The caret and the selection of another person; the name shows while that person types or moves, then fades.
 *
 * Name and colour come from others: the name goes in as text, the colour only as a checked custom property.
 */
import type { DecorationAttrs } from '@tiptap/pm/view'
import type { Awareness } from 'y-protocols/awareness'
import { personIn, safeColor } from '../collab/presence'

const LABEL_MS = 2_500

export function renderCaret(user: Record<string, unknown>): HTMLElement {
  const caret = document.createElement('span')
  caret.className = 'caret'
  caret.setAttribute('aria-hidden', 'true') // not part of the text
  caret.dataset.person = String(user.id)
  caret.style.setProperty('--c', safeColor(user.color))
  const label = document.createElement('b')
  label.textContent = String(user.name)
  caret.append(label)
  if (talking.has(caret.dataset.person)) caret.classList.add('talking')
  return caret
}

export function renderSelection(user: Record<string, unknown>): DecorationAttrs {
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
  awareness.on('change', onChange)
  return () => awareness.off('change', onChange)
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
