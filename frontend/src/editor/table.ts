/** Brings the bar of a table when the caret comes into one; on a phone the toolbar's menu does the same. */
import type { EditorState } from '@tiptap/pm/state'
import type { Desk } from './features'
import { whenFetched } from './parts'
import type { TableBar } from './table-bar'
import { eachFrame } from './toolbar/bar'

export function mountTableBar({ editor }: Desk): () => void {
  let bar: TableBar | null = null
  let asked = false
  const ending = new AbortController()
  const load = () => {
    asked = true
    const use = ({ TableBar }: typeof import('./table-bar')) => {
      bar = new TableBar(editor)
      bar.show()
    }
    whenFetched(() => import('./table-bar'), use, ending.signal)
  }
  const stop = eachFrame(editor, () => {
    if (bar !== null) bar.show()
    else if (!asked && isInTable(editor.state) && !matchMedia('(pointer: coarse)').matches) load()
  })
  return () => {
    ending.abort()
    stop()
    bar?.leave()
  }
}

export function isInTable({ selection }: EditorState): boolean {
  const { $from } = selection
  for (let depth = $from.depth; depth > 0; depth--) if ($from.node(depth).type.spec.tableRole === 'table') return true
  return false
}
