/** Brings the bubble when something is first selected; for mouse and keyboard: a phone has its bar below. */
import type { Desk } from './features'
import { whenFetched } from './parts'
import { eachFrame } from './toolbar/bar'

export function mountBubble(desk: Desk): () => void {
  const { editor } = desk
  let close = () => {}
  let asked = false
  const ending = new AbortController()
  const stop = eachFrame(editor, () => {
    if (asked || !editor.isEditable || editor.state.selection.empty || matchMedia('(pointer: coarse)').matches) return
    asked = true
    const use = ({ openBubble }: typeof import('./bubble-bar')) => {
      close = openBubble(desk)
    }
    whenFetched(() => import('./bubble-bar'), use, ending.signal)
  })
  return () => {
    ending.abort()
    stop()
    close()
  }
}
