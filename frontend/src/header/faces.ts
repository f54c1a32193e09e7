/** The people in the header: one face per person, yourself left out, comings and goings announced. */
import type { Awareness } from 'y-protocols/awareness'
import { type Face, facesIn, initials } from '../collab/presence'
import { h } from '../dom'
import { t } from '../strings'

const FACES_SHOWN = 4
/** Somebody who comes back within this time (a reload, a short loss) has not left. */
const ANNOUNCE_AFTER_MS = 2_000

/** Keeps `element` and the screen reader's `live` region in step with `awareness`; the answer ends it. */
export function mountFaces(element: HTMLElement, live: HTMLElement, awareness: Awareness, ownId: string): () => void {
  let announced = new Map<string, string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let faces: Face[] = []

  const announce = () => {
    timer = undefined
    const present = new Map(faces.map(({ id, name }) => [id, name]))
    const joined = [...present].filter(([id]) => !announced.has(id)).map(([, name]) => t('people.joined', { name }))
    const left = [...announced].filter(([id]) => !present.has(id)).map(([, name]) => t('people.left', { name }))
    announced = present
    if (joined.length + left.length > 0) live.textContent = [...joined, ...left].join('. ')
  }
  const onChange = () => {
    faces = facesIn(awareness.getStates().values(), ownId)
    show(element, faces)
    timer ??= setTimeout(announce, ANNOUNCE_AFTER_MS)
  }
  awareness.on('change', onChange)
  onChange()
  return () => {
    clearTimeout(timer)
    awareness.off('change', onChange)
  }
}

export function faceElement(person: { name: string; color: string; idle?: boolean }): HTMLElement {
  const title = person.idle ? t('people.idle', { name: person.name }) : person.name
  const face = h('span', { class: 'face', role: 'img', title, 'aria-label': title }, initials(person.name))
  face.style.setProperty('--c', person.color)
  face.classList.toggle('idle', person.idle === true)
  return face
}

function show(element: HTMLElement, faces: Face[]): void {
  const shown = faces.length <= FACES_SHOWN + 1 ? faces : faces.slice(0, FACES_SHOWN)
  const items = shown.map((face) => {
    const item = faceElement(face)
    item.dataset.testid = 'face'
    item.dataset.person = face.id
    return item
  })
  const rest = faces.slice(shown.length)
  if (rest.length > 0) {
    const label = `${t('people.more', { n: rest.length })}: ${rest.map(({ name }) => name).join(', ')}`
    items.push(h('span', { class: 'face more', role: 'img', title: label, 'aria-label': label }, `+${rest.length}`))
  }
  element.replaceChildren(...items)
}
