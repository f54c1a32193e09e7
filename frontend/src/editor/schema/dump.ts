/** The schema as JSON, for the server: what ProseMirror's `Schema` is made from, without what only a browser needs. */
import { getSchema } from '@tiptap/core'
import type { MarkSpec, NodeSpec } from '@tiptap/pm/model'
import { contentExtensions } from '.'

const NODE_FIELDS = ['content', 'group', 'inline', 'atom', 'marks', 'code', 'defining', 'isolating'] as const
const MARK_FIELDS = ['excludes', 'group', 'inclusive', 'code'] as const

type Dumped = Record<string, { content?: string; attrs?: Record<string, { default: unknown }> }>

export interface SchemaDump {
  topNode: string
  nodes: Dumped
  /** In their order, which is the order in which marks are nested. */
  marks: Dumped
}

export function dumpSchema(): SchemaDump {
  const { nodes, marks, topNodeType } = getSchema(contentExtensions())
  return {
    topNode: topNodeType.name,
    nodes: Object.fromEntries(Object.values(nodes).map(({ name, spec }) => [name, plain(spec, NODE_FIELDS)])),
    marks: Object.fromEntries(Object.values(marks).map(({ name, spec }) => [name, plain(spec, MARK_FIELDS)])),
  }
}

/** As it stands in documents/schema.json. */
export const printSchema = (): string => `${JSON.stringify(dumpSchema(), null, 2)}\n`

function plain<Spec extends NodeSpec | MarkSpec>(spec: Spec, fields: readonly (keyof Spec)[]): Dumped[string] {
  const kept = fields.filter((field) => spec[field] !== undefined && spec[field] !== null)
  const attrs = Object.entries(spec.attrs ?? {}).map(([name, { default: value }]) => [name, { default: value ?? null }])
  return {
    ...Object.fromEntries(kept.map((field) => [field, spec[field]])),
    ...(attrs.length > 0 ? { attrs: Object.fromEntries(attrs) } : {}),
  }
}
