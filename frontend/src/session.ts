/**
 * One life of a document in this page: the doc, its copy on this device, the provider and the editor.
 *
 * When edits are lost to the server the session ends and another begins with a fresh doc: a Y.Doc forgets nothing.
 */
import type { Editor } from '@tiptap/core'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { Provider } from './collab/provider'
import { UnsavedNotes } from './collab/unsaved'
import { type Rescued, unsentText } from './collab/unsent'
import { unsentMarkdown } from './collab/unsent-markdown'
import { mayWrite, type Role } from './collab/wire'
import { type Copy, openCopy } from './copy'
import { copyName, noteStore } from './device'
import { watchCarets } from './editor/caret'
import { watchComposing } from './editor/composing'
import type { Foreign } from './editor/sync'
import { createEditor, FRAGMENT } from './editor/view'
import { type Page, socketUrl } from './page'

export class Session {
  editor: Editor | null = null
  private stopWatching = () => {}

  private constructor(
    private readonly page: Page,
    private readonly notes: UnsavedNotes,
    readonly copy: Copy,
    readonly provider: Provider,
  ) {}

  /** Reads this device's copy and joins it to a provider that is not connected yet. */
  static async open(page: Page, role: Role): Promise<Session> {
    const doc = new Y.Doc()
    const awareness = new Awareness(doc)
    awareness.setLocalState({ user: page.person })
    const notes = new UnsavedNotes(noteStore(), page.person.id, page.document.id)
    const adopted = notes.adopt()
    const copy = await openCopy(copyName(page.person.id, page.document.id), doc, () => provider.unkept())
    const provider: Provider = new Provider({
      url: socketUrl(page.socket),
      doc,
      awareness,
      role,
      notes,
      adopted: copy.kept ? adopted : [],
      copy: copy.origin,
      kept: copy.kept,
      online: navigator.onLine,
      WebSocket,
    })
    return new Session(page, notes, copy, provider)
  }

  /** What was typed here and is not known to be on the server. */
  unsent(): Rescued {
    const fragment = this.provider.doc.getXmlFragment(FRAGMENT)
    const ranges = this.provider.unsavedRanges()
    return { text: unsentText(fragment, ranges), markdown: unsentMarkdown(fragment, ranges) }
  }

  mountEditor(element: HTMLElement, onForeign: (foreign: Foreign | null) => void): Editor {
    const { doc, awareness, role } = this.provider
    const editable = mayWrite(role)
    this.editor = createEditor({ element, doc, awareness, page: this.page, editable, onForeign })
    const stopCarets = watchCarets(awareness, element)
    const { provider } = this
    const hold = () => provider.hold()
    const stopComposing = watchComposing(this.editor.view.dom, hold, () => provider.release())
    this.stopWatching = () => {
      stopCarets()
      stopComposing()
    }
    return this.editor
  }

  /** Stops talking to the server; the editor stays to be looked at. */
  stop(): void {
    this.provider.destroy()
    this.copy.close()
  }

  /** Takes the editor off the page. */
  unmount(): void {
    this.stopWatching()
    this.editor?.destroy()
    this.editor = null
    this.provider.doc.destroy()
  }

  /** Removes the document from this device. */
  async forget(): Promise<void> {
    this.notes.drop()
    await this.copy.remove()
  }
}
