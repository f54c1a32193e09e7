import { getSchema } from '@tiptap/core'
import { expect, it } from 'vitest'
import { contentExtensions } from '../src/editor/extensions'

const schema = getSchema(contentExtensions())

it('pins the nodes and marks: stored documents are made of them', () => {
  expect(Object.keys(schema.nodes).sort()).toEqual([
    'blockquote',
    'bulletList',
    'codeBlock',
    'doc',
    'hardBreak',
    'heading',
    'horizontalRule',
    'listItem',
    'orderedList',
    'paragraph',
    'text',
  ])
  expect(Object.keys(schema.marks).sort()).toEqual(['bold', 'code', 'italic', 'link', 'strike', 'underline'])
})

it('pins what a node may hold', () => {
  expect(schema.nodes.doc?.spec.content).toBe('block+')
  expect(schema.nodes.listItem?.spec.content).toBe('paragraph block*')
  expect(schema.nodes.heading?.spec.content).toBe('inline*')
})

it('has nothing that writes when a document is merely opened', () => {
  const names = contentExtensions().flatMap((extension) => {
    const inner = extension.config.addExtensions?.call({ ...extension, options: extension.options } as never) ?? []
    return [extension.name, ...inner.map(({ name }: { name: string }) => name)]
  })
  expect(names).toContain('paragraph')
  expect(names).not.toContain('trailingNode')
  expect(names).not.toContain('undoRedo')
})
