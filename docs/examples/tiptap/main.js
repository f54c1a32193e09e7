/**
 * A Tiptap editor whose back end is Coscribe: the provider is stock, only its URL, name and token are Coscribe's.
 * Open index.html#server=ws://localhost:8000&document=<id>&token=coscribe_... (what follows the # is sent to nobody).
 */
import { HocuspocusProvider } from '@hocuspocus/provider'
import { Editor } from '@tiptap/core'
import Collaboration from '@tiptap/extension-collaboration'
import CollaborationCaret from '@tiptap/extension-collaboration-caret'
import StarterKit from '@tiptap/starter-kit'

const asked = new URLSearchParams(location.hash.slice(1))
const status = document.querySelector('#status')

const provider = new HocuspocusProvider({
  url: `${asked.get('server')}/ws/hocuspocus`,
  name: asked.get('document'),
  token: asked.get('token'),
  onAuthenticationFailed: ({ reason }) => {
    editor.setEditable(false)
    status.textContent = `Not connected: ${reason}`
  },
  // Also in the middle of a session, when somebody's role changes.
  onAuthenticated: ({ scope }) => editor.setEditable(scope === 'read-write'),
  // 0 means: in the database.
  onUnsyncedChanges: ({ number }) => {
    status.textContent = number > 0 ? 'Saving' : 'Saved'
  },
})

const editor = new Editor({
  element: document.querySelector('#editor'),
  extensions: [
    StarterKit.configure({ undoRedo: false, trailingNode: false, link: false }),
    Collaboration.configure({ document: provider.document }),
    // Name and colour are what the server says of the token's person, whatever is written here.
    CollaborationCaret.configure({ provider }),
  ],
})
