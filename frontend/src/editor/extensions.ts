/**
 * What the editor is made of besides the schema: how nodes look and behave, keys, suggestions, the page's own rules.
 *
 * One line per feature, each in a file or folder of its own; nothing here may change what a document can hold.
 */
import { type AnyExtension, Extension } from '@tiptap/core'
import { Dropcursor } from '@tiptap/extensions/drop-cursor'
import { Gapcursor } from '@tiptap/extensions/gap-cursor'
import { Plugin } from '@tiptap/pm/state'
import { ySyncPluginKey } from '@tiptap/y-tiptap'
import type { Page } from '../page'
import { Callout } from './blocks/callout'
import { BlockKeys } from './blocks/keys'
import { Placeholder } from './blocks/placeholder'
import { TaskItem } from './blocks/task'
import { Toggle } from './blocks/toggle'
import { Highlighting } from './code/highlight'
import { CodeBlock } from './code/view'
import { NearCaret } from './far'
import { FindMatches } from './find/plugin'
import { ImageUploads } from './images/uploads'
import { Image } from './images/view'
import { InStep } from './in-step'
import { LeaveByTab } from './leave'
import { LinkTyping } from './link'
import { BlockMath, InlineMath } from './math/view'
import { mentionOf } from './mention/mention'
import { PasteRules } from './paste'
import { contentExtensions } from './schema'
import { slashMenu } from './slash'
import { ResizableTable } from './table-view'
import { TypingRules } from './typing'

export function editorExtensions(page: Page): AnyExtension[] {
  return [...contentExtensions(viewedNodes(page)), ...interfaceExtensions(page)]
}

/** Nodes of the schema with a view of their own: `Image.extend({ addNodeView … })`. */
function viewedNodes(page: Page): AnyExtension[] {
  return [CodeBlock, Callout, Toggle, TaskItem, InlineMath, BlockMath, Image, ResizableTable, mentionOf(page)]
}

function interfaceExtensions(page: Page): AnyExtension[] {
  return [
    InStep,
    NearCaret,
    Placeholder,
    BlockKeys,
    Highlighting,
    Dropcursor.configure({ color: false, class: 'drop-cursor' }),
    Gapcursor,
    LinkTyping,
    TypingRules,
    slashMenu(page),
    ImageUploads.configure({ page }),
    PasteRules,
    FindMatches,
    LeaveByTab,
    ReaderGuard,
  ]
}

/** A reader's page never writes: plugins that mend a document when they see it would, so nothing local gets through. */
const ReaderGuard = Extension.create({
  name: 'readerGuard',
  addProseMirrorPlugins() {
    return [
      new Plugin({
        filterTransaction: (transaction) =>
          !transaction.docChanged || this.editor.isEditable || transaction.getMeta(ySyncPluginKey) !== undefined,
      }),
    ]
  },
})
