/** The handle of blocks (`grip.ts`): loaded when a pointer first moves over the text, or when its menu is asked for. */
import type { Editor } from '@tiptap/core'
import type { Desk } from '../features'
import { whenAskedFor, whenFetched } from '../parts'
import type { Handle } from './grip'
import { onLongPress } from './press'

const handles = new WeakMap<Editor, () => Promise<Handle | null>>()

export function mountHandle(desk: Desk): () => void {
  const { editor, stage } = desk
  let made: Promise<Handle | null> | null = null
  const ending = new AbortController()
  const get = () => {
    made ??= import('./grip').then(({ Handle }) => (ending.signal.aborted ? null : new Handle(desk)))
    made.catch(() => {
      made = null
    })
    return made
  }
  const onMove = (event: PointerEvent) => {
    if (event.pointerType === 'touch') return
    stage.removeEventListener('pointermove', onMove)
    whenFetched(get, (handle) => handle?.hover(event), ending.signal) // the pointer may rest here
  }
  stage.addEventListener('pointermove', onMove, { passive: true })
  const openAt = (x: number, y: number) => whenAskedFor(get(), (handle) => handle?.openAt(x, y))
  onLongPress(stage, openAt, ending.signal)
  handles.set(editor, get)
  return () => {
    ending.abort()
    handles.delete(editor)
    stage.removeEventListener('pointermove', onMove)
    void made?.then(
      (handle) => handle?.leave(),
      () => {},
    )
  }
}

/** Opens the menu of the block with the cursor: for a key, and for toolbars where nothing hovers. */
export function openBlockMenu(editor: Editor): boolean {
  const get = handles.get(editor)
  if (!get || !editor.isEditable) return false
  whenAskedFor(get(), (handle) => handle?.openAtCursor())
  return true
}
