import { readFileSync } from 'node:fs'
import { getSchema } from '@tiptap/core'
import { expect, it } from 'vitest'
import { contentExtensions } from '../src/editor/schema'
import { dumpSchema, printSchema } from '../src/editor/schema/dump'

const schema = getSchema(contentExtensions())

const WARNING =
  'The schema changed. Stored documents outlive it: a node, mark or attribute that goes, or content that gets narrower, ' +
  'makes the editor delete what people wrote. Say in docs/schema.md, "Changes", what happens to documents that are there, ' +
  'and change this pin with it.'

/** name: content (attributes with their defaults) */
const NODES = `
paragraph: inline* (textAlign null)
doc: block+
text:
heading: inline* (textAlign null, level 1)
bulletList: listItem+
orderedList: listItem+ (start 1, type null)
listItem: paragraph block*
taskList: taskItem+
taskItem: paragraph block* (checked false)
blockquote: block+
codeBlock: text* (language null)
horizontalRule:
hardBreak:
table: tableRow+
tableRow: (tableCell | tableHeader)*
tableHeader: block+ (colspan 1, rowspan 1, colwidth null, align null)
tableCell: block+ (colspan 1, rowspan 1, colwidth null, align null)
image: (src null, alt "", width null, pixelWidth null, pixelHeight null)
callout: block+ (kind "note")
details: detailsSummary detailsContent
detailsSummary: text*
detailsContent: block+
inlineMath: (latex "")
blockMath: (latex "")
mention: (id "", label "")
`
const MARKS = `
link: (href null)
bold:
italic:
underline:
strike:
highlight: (color "yellow")
textColor: (color "gray")
code:
`

it('has nothing that writes when a document is merely opened', () => {
  const names = contentExtensions().map(({ name }) => name)
  expect(names).toContain('paragraph')
  expect(names).not.toContain('trailingNode')
  expect(names).not.toContain('undoRedo')
})

it('makes a document of a paragraph', () => {
  expect(schema.nodes.doc?.createAndFill()?.toJSON()).toEqual({
    type: 'doc',
    content: [{ type: 'paragraph', attrs: { textAlign: null } }],
  })
})

it('is what stored documents were written in', () => {
  const { nodes, marks } = dumpSchema()
  expect(lines(nodes), WARNING).toEqual(NODES.trim().split('\n'))
  expect(lines(marks), WARNING).toEqual(MARKS.trim().split('\n'))
})

it('is the one that the server reads', () => {
  const stored = readFileSync(new URL('../../documents/schema.json', import.meta.url), 'utf8')
  expect(printSchema(), 'documents/schema.json is not this schema: run `npm run schema`').toBe(stored)
})

function lines(types: Record<string, { content?: string; attrs?: Record<string, { default: unknown }> }>): string[] {
  return Object.entries(types).map(([name, { content, attrs }]) => {
    const given = Object.entries(attrs ?? {}).map(([attribute, of]) => `${attribute} ${JSON.stringify(of.default)}`)
    return [`${name}:`, content, given.length > 0 ? `(${given.join(', ')})` : undefined].filter(Boolean).join(' ')
  })
}
