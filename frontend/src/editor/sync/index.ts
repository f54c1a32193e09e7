/** The text shared through our own binding, and an undo that takes back nobody else's words. */
import { type CommandProps, Extension } from '@tiptap/core'
import { type EditorState, Plugin } from '@tiptap/pm/state'
import { ySyncPluginKey, yUndoPluginKey } from '@tiptap/y-tiptap'
import * as Y from 'yjs'
import type { Foreign } from './read'
import { syncPlugin } from './sync'

export type { Foreign } from './read'

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    sharedText: {
      /** Takes back what was done here last. */
      undo: () => ReturnType
      redo: () => ReturnType
    }
  }
}

interface SharedTextOptions {
  fragment: Y.XmlFragment
  /** Hears of content that this page cannot show, and of its end: meanwhile nothing is written. */
  onForeign: (foreign: Foreign | null) => void
}

export function sharedText({ fragment, onForeign }: SharedTextOptions) {
  const undoManager = ownUndo(fragment)
  const step = (way: 'undo' | 'redo') => () => {
    return ({ editor, tr, dispatch }: CommandProps): boolean => {
      tr.setMeta('preventDispatch', true) // what changes comes in through Yjs
      const stack = way === 'undo' ? undoManager.undoStack : undoManager.redoStack
      if (!editor.isEditable || stack.length === 0) return false
      if (dispatch) undoManager[way]()
      return true
    }
  }
  return Extension.create({
    name: 'sharedText',
    priority: 1000, // before all that look at the document
    addProseMirrorPlugins() {
      return [syncPlugin(fragment, this.editor.schema, onForeign), undoPlugin(undoManager)]
    },
    addCommands: () => ({ undo: step('undo'), redo: step('redo') }),
    addKeyboardShortcuts() {
      return {
        'Mod-z': () => this.editor.commands.undo(),
        'Mod-y': () => this.editor.commands.redo(),
        'Shift-Mod-z': () => this.editor.commands.redo(),
      }
    },
    onDestroy: () => undoManager.destroy(),
  })
}

/** What comes next is not undone together with what came before, however soon it comes. */
export function ownStep(state: EditorState): void {
  yUndoPluginKey.getState(state)?.undoManager?.stopCapturing()
}

/** Undo of what was done here; what an element holds of somebody else keeps the element. */
function ownUndo(fragment: Y.XmlFragment): Y.UndoManager {
  return new Y.UndoManager(fragment, {
    trackedOrigins: new Set([ySyncPluginKey]),
    captureTransaction: (transaction) => transaction.meta.get('addToHistory') !== false,
    deleteFilter: (item) => !holdsOthers(item, (fragment.doc as Y.Doc).clientID),
  })
}

/** Holds the undo where whoever asks for it looks: under y-tiptap's key. */
function undoPlugin(undoManager: Y.UndoManager): Plugin {
  return new Plugin({
    key: yUndoPluginKey,
    state: { init: () => ({ undoManager }), apply: (_transaction, state) => state },
  })
}

function holdsOthers(item: Y.Item, own: number): boolean {
  const waiting = [item]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!(next.content instanceof Y.ContentType)) continue
    for (let child = next.content.type._start; child !== null; child = child.right) {
      if (child.deleted) continue
      if (child.id.client !== own && child.countable) return true
      waiting.push(child)
    }
  }
  return false
}
