/**
 * What is mounted around the text once the editor stands: bars, menus, panels.
 *
 * A feature takes the desk, adds itself to the page and answers how to leave it again: an editor is replaced when a
 * document begins anew in the same page. What is not needed to read and type is loaded by `import()` when it is asked for.
 */
import type { Editor } from '@tiptap/core'
import type { Provider } from '../collab/provider'
import type { Page } from '../page'
import { mountHandle } from './blocks/handle'
import { mountWriters } from './blocks/writers'
import { mountBubble } from './bubble'
import { mountFar } from './far'
import { mountFind } from './find'
import { mountHelpKeys } from './help'
import { mountLinks } from './link'
import { whenFetched } from './parts'
import { mountPaste } from './paste'
import { mountTableBar } from './table'
import { mountToolbar } from './toolbar'
import { mountBars } from './toolbar/bar'

export interface Desk {
  editor: Editor
  page: Page
  provider: Provider
  /** The sheet that holds the text. */
  stage: HTMLElement
  /** The toolbar over it. */
  tools: HTMLElement
}

export type Feature = (desk: Desk) => () => void

const FEATURES: Feature[] = [
  mountFar,
  mountToolbar,
  mountBubble,
  mountTableBar,
  mountLinks,
  mountBars,
  mountHelpKeys,
  ({ editor }) => mountWriters(editor),
  mountHandle,
  later(() => import('./around').then(({ mountAround }) => mountAround)),
  mountFind,
  mountPaste,
]

/** A feature that is fetched when the text is on the page; without a network, as soon as there is one. */
function later(fetched: () => Promise<Feature>): Feature {
  return (desk) => {
    let leave = () => {}
    const ending = new AbortController()
    const mount = (feature: Feature) => {
      leave = feature(desk)
    }
    whenFetched(fetched, mount, ending.signal)
    return () => {
      ending.abort()
      leave()
    }
  }
}

/** Mounts all; the answer unmounts them in the opposite order. */
export function mountFeatures(desk: Desk): () => void {
  const leave = FEATURES.map((feature) => feature(desk))
  return () => {
    for (const each of leave.reverse()) each()
  }
}
