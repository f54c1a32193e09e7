/**
 * Ties an editor to a Yjs fragment. Takes the place of y-tiptap's sync plugin, under its key: carets and undo find it there.
 *
 * Three things are otherwise than there. What is shown is read by `Reader`: y-tiptap deletes an element that it cannot show, on
 * every page that sees it, a reader's too. Only what this person did is written. And only what changed is replaced, so a
 * keystroke of somebody else costs what it changes, not the whole document.
 */
import type { Node } from '@tiptap/pm/model'
import { type EditorState, NodeSelection, Plugin, TextSelection, type Transaction } from '@tiptap/pm/state'
import type { EditorView } from '@tiptap/pm/view'
import {
  getRelativeSelection,
  relativePositionToAbsolutePosition,
  updateYFragment,
  ySyncPluginKey,
  yUndoPluginKey,
} from '@tiptap/y-tiptap'
import * as Y from 'yjs'
import { goToChange, placeInSameWords, replaceChanged, touches } from './changes'
import { type Foreign, MAX_DEPTH, Reader } from './read'
import { writeSplitTexts } from './texts'
import { isSound } from './values'

interface RelativeSelection {
  type: string
  anchor: Y.RelativePosition
  head: Y.RelativePosition
}

/** What y-tiptap's carets and its write expect to find: `doc`, `type`, `mapping`, `isOMark`. */
export class Binding {
  readonly doc: Y.Doc
  readonly mapping
  readonly isOMark = new Map()
  private view: EditorView | null = null
  private readonly reader: Reader
  private busy = false
  /** Where the selection was before a change that comes from elsewhere. */
  private selected: RelativeSelection | null = null

  constructor(
    readonly type: Y.XmlFragment,
    schema: EditorState['schema'],
    private readonly onForeign: (foreign: Foreign | null) => void,
  ) {
    this.doc = type.doc as Y.Doc
    this.reader = new Reader(type, schema)
    this.mapping = this.reader.mapping
  }

  /** What keeps the document from being edited here. */
  get foreign(): Foreign | null {
    return this.reader.foreign
  }

  attach(view: EditorView): void {
    this.view = view
    this.doc.on('beforeAllTransactions', this.rememberSelection)
    this.doc.on('afterAllTransactions', this.forgetSelection)
    this.type.observeDeep(this.onShared)
    this.reader.forgetAll()
    this.show({})
  }

  detach(): void {
    this.view = null
    this.type.unobserveDeep(this.onShared)
    this.doc.off('beforeAllTransactions', this.rememberSelection)
    this.doc.off('afterAllTransactions', this.forgetSelection)
  }

  /** Writes what this person did. */
  write(doc: Node, addToHistory: boolean): void {
    if (this.busy) return
    this.busy = true
    try {
      // What would lock every page must not leave this one.
      if (this.reader.foreign === null && isSound(doc)) {
        this.doc.transact((transaction) => {
          transaction.meta.set('addToHistory', addToHistory)
          const written = this.reader.withoutMadeUp(doc)
          writeSplitTexts(this.reader.split, this.type, written, this.mapping)
          updateYFragment(this.doc, this.type, written, this as never)
        }, ySyncPluginKey)
      }
    } finally {
      this.busy = false
    }
    // What is stored is what counts: an edit that Yjs cannot hold goes off this page too.
    this.show({})
  }

  private readonly rememberSelection = (): void => {
    if (this.busy || this.view === null || this.foreign !== null) return
    this.selected = getRelativeSelection(this as never, this.view.state) as RelativeSelection
  }

  private readonly forgetSelection = (): void => {
    this.selected = null
  }

  private readonly onShared = (_events: unknown, transaction: Y.Transaction): void => {
    this.reader.forget(transaction.changed.keys())
    this.reader.forget(transaction.changedParentTypes.keys())
    if (!this.busy) this.show({ isUndoRedoOperation: transaction.origin instanceof Y.UndoManager })
  }

  private show(meta: { isUndoRedoOperation?: boolean }): void {
    if (this.view === null || this.busy) return
    const before = this.reader.foreign
    const doc = this.reader.read()
    const transaction = replaceChanged(this.view.state, doc)
    if (transaction !== null) {
      if (meta.isUndoRedoOperation && goToChange(transaction)) transaction.scrollIntoView()
      else this.restoreSelection(transaction)
      transaction.setMeta('addToHistory', false).setMeta(ySyncPluginKey, { isChangeOrigin: true, ...meta })
      this.busy = true
      try {
        this.view.dispatch(transaction)
      } finally {
        this.busy = false
      }
    }
    if (before?.name !== this.reader.foreign?.name || before?.kind !== this.reader.foreign?.kind) {
      this.onForeign(this.reader.foreign)
    }
  }

  /** ProseMirror carries the selection along, except within what is replaced: there Yjs knows where it went. */
  private restoreSelection(transaction: Transaction): void {
    const before = this.selected
    const selected = this.view?.state.selection
    if (before === null || selected === undefined || !touches(transaction, selected)) return
    const [anchor, head] = [before.anchor, before.head].map((position, end) => {
      const moved = this.isGone(position) ? placeInSameWords(transaction, end ? selected.head : selected.anchor) : null
      return moved ?? this.absolute(position, transaction.doc)
    }) as [number | null, number | null]
    if (anchor === null || head === null) return
    if (before.type === 'node') {
      const node = transaction.doc.nodeAt(anchor)
      if (selected instanceof NodeSelection && node?.type === selected.node.type) {
        transaction.setSelection(NodeSelection.create(transaction.doc, anchor))
      }
    } else if (before.type === 'text' && transaction.doc.resolve(anchor).parent.inlineContent) {
      transaction.setSelection(TextSelection.between(transaction.doc.resolve(anchor), transaction.doc.resolve(head)))
    }
  }

  /** What the position holds on to was deleted. */
  private isGone({ item, type }: Y.RelativePosition): boolean {
    const held = item ?? type
    return held !== null && held !== undefined && Y.getItem(this.doc.store, held).deleted
  }

  private absolute(position: Y.RelativePosition, doc: Node): number | null {
    const at = relativePositionToAbsolutePosition(this.doc, this.type, position, this.mapping as never)
    return at === null || at < 0 || at > doc.content.size ? null : at
  }
}

export function syncPlugin(
  fragment: Y.XmlFragment,
  schema: EditorState['schema'],
  onForeign: (foreign: Foreign | null) => void,
): Plugin {
  const binding = new Binding(fragment, schema, onForeign)
  return new Plugin({
    key: ySyncPluginKey,
    state: {
      init: () => ({
        type: fragment,
        doc: fragment.doc,
        binding,
        snapshot: null,
        prevSnapshot: null,
        isChangeOrigin: false,
        isUndoRedoOperation: false,
        addToHistory: true,
      }),
      apply: (transaction, before) => {
        const meta = transaction.getMeta(ySyncPluginKey) ?? {}
        const isChangeOrigin = Boolean(meta.isChangeOrigin)
        return {
          ...before,
          isChangeOrigin,
          isUndoRedoOperation: isChangeOrigin && Boolean(meta.isUndoRedoOperation),
          addToHistory: transaction.docChanged ? transaction.getMeta('addToHistory') !== false : before.addToHistory,
        }
      },
    },
    // Nobody can make a document here that no page would open.
    filterTransaction: (transaction) =>
      !transaction.docChanged ||
      transaction.getMeta(ySyncPluginKey) !== undefined ||
      levels(transaction.doc) <= MAX_DEPTH,
    view: (view) => {
      binding.attach(view)
      return {
        update: (view, before) => {
          if (view.state.doc === before.doc) return
          const { addToHistory, isChangeOrigin } = ySyncPluginKey.getState(view.state)
          if (isChangeOrigin) return
          if (!addToHistory) yUndoPluginKey.getState(view.state)?.undoManager?.stopCapturing()
          binding.write(view.state.doc, addToHistory)
        },
        destroy: () => binding.detach(),
      }
    },
  })
}

const KNOWN_LEVELS = new WeakMap<Node, number>()

function levels(node: Node): number {
  let known = KNOWN_LEVELS.get(node)
  if (known === undefined) {
    known = 1
    node.forEach((child) => {
      known = Math.max(known as number, 1 + levels(child))
    })
    KNOWN_LEVELS.set(node, known)
  }
  return known
}
