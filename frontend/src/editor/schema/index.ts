/**
 * What a document may hold: the one schema of browser and server.
 *
 * `npm run schema` writes it to documents/schema.json, which is what Python reads. Changing nodes, marks or attributes
 * changes what stored documents mean: test/schema.test.ts pins them, and docs/schema.md tells of every change.
 * Nothing here touches the DOM when it is imported; what is seen of a node (its view, its menus) is another file's.
 */
import type { AnyExtension } from '@tiptap/core'
import { Blockquote } from '@tiptap/extension-blockquote'
import { Bold } from '@tiptap/extension-bold'
import { Code } from '@tiptap/extension-code'
import { CodeBlock } from '@tiptap/extension-code-block'
import { Details, DetailsContent, DetailsSummary } from '@tiptap/extension-details'
import { Document } from '@tiptap/extension-document'
import { HardBreak } from '@tiptap/extension-hard-break'
import { Heading } from '@tiptap/extension-heading'
import { HorizontalRule } from '@tiptap/extension-horizontal-rule'
import { Italic } from '@tiptap/extension-italic'
import { BulletList, ListItem, ListKeymap, OrderedList, TaskItem, TaskList } from '@tiptap/extension-list'
import { Paragraph } from '@tiptap/extension-paragraph'
import { Strike } from '@tiptap/extension-strike'
import { Table, TableCell, TableHeader, TableRow } from '@tiptap/extension-table'
import { Text } from '@tiptap/extension-text'
import { TextAlign } from '@tiptap/extension-text-align'
import { Underline } from '@tiptap/extension-underline'
import { Callout } from './callout'
import { Highlight, TextColor } from './colors'
import { Image } from './image'
import { Link } from './link'
import { BlockMath, InlineMath } from './math'
import { Mention } from './mention'

export const HEADING_LEVELS = [1, 2, 3, 4] as const
export const ALIGNMENTS = ['left', 'center', 'right', 'justify'] as const
/** Each block finds its own direction: an Arabic paragraph between English ones stands right. */
const AUTO = { HTMLAttributes: { dir: 'auto' } }

/** Nodes and marks with their commands and keys. `replaced` stand in for those of the same name: a node with a view. */
export function contentExtensions(replaced: AnyExtension[] = []): AnyExtension[] {
  const plain: AnyExtension[] = [
    Document,
    Text,
    Paragraph.configure(AUTO),
    Heading.configure({ levels: [...HEADING_LEVELS], ...AUTO }),
    BulletList,
    OrderedList,
    ListItem.configure(AUTO),
    TaskList,
    TaskItem.configure({ nested: true }),
    ListKeymap,
    Blockquote,
    CodeBlock,
    HorizontalRule,
    HardBreak,
    Table.configure({ resizable: true, cellMinWidth: 48 }),
    TableRow,
    TableHeader,
    TableCell,
    Image,
    Callout,
    Details,
    DetailsSummary.configure(AUTO),
    DetailsContent,
    InlineMath,
    BlockMath,
    Mention,
    Link,
    Bold,
    Italic,
    Underline,
    Strike,
    Highlight,
    TextColor,
    Code,
    TextAlign.configure({ types: ['heading', 'paragraph'], alignments: [...ALIGNMENTS] }),
  ]
  const by = new Map(replaced.map((extension) => [extension.name, extension]))
  return plain.map((extension) => by.get(extension.name) ?? extension)
}
