/** What the editor makes of a document: bytes in, its JSON out, and back. tests/documents/test_mapping.py asks it. */
import { getSchema } from '@tiptap/core'
import { Node } from '@tiptap/pm/model'
import { prosemirrorToYDoc, yXmlFragmentToProseMirrorRootNode } from '@tiptap/y-tiptap'
import * as Y from 'yjs'
import { contentExtensions } from '../src/editor/schema'
import { isSafeHref } from '../src/editor/schema/link'
import { badAttributes } from '../src/editor/sync/values'

/** As in src/editor/view.ts, which needs a DOM. */
const FRAGMENT = 'default'
const schema = getSchema(contentExtensions())

/** The document in an update, as the editor shows it. Throws when it would have to mend it. */
export function read(update: Uint8Array): unknown {
  const doc = new Y.Doc()
  Y.applyUpdate(doc, update)
  const before = Y.encodeStateAsUpdate(doc)
  const node = yXmlFragmentToProseMirrorRootNode(doc.getXmlFragment(FRAGMENT), schema)
  node.check()
  if (Buffer.compare(before, Y.encodeStateAsUpdate(doc)) !== 0) throw new Error('reading it changed it')
  return node.toJSON()
}

/** An update that holds this document, made the way the editor makes it. */
export function write(json: unknown): Uint8Array {
  const node = Node.fromJSON(schema, json)
  node.check()
  return Y.encodeStateAsUpdate(prosemirrorToYDoc(node, FRAGMENT))
}

/** Of each of these attributes of a node or mark, whether the editor takes the value. */
export const takes = (values: [string, string, unknown][]): boolean[] =>
  values.map(([type, name, value]) => {
    const known = (schema.nodes[type] ?? schema.marks[type])?.spec.attrs ?? {}
    return badAttributes(type, known, { [name]: value }).length === 0
  })

export const safe = (href: string): boolean => isSafeHref(href)
