/** Values that HTML may have and a document may not (`rowspan="0"`, `start="x"`): the default stands in for them. */
import { Fragment, type Node, Slice } from '@tiptap/pm/model'
import { badAttributes, isSound } from '../sync/values'

export function withSoundValues(slice: Slice): Slice {
  return new Slice(mended(slice.content), slice.openStart, slice.openEnd)
}

function mended(content: Fragment): Fragment {
  const nodes: Node[] = []
  content.forEach((node) => void nodes.push(isSound(node) ? node : mendedNode(node)))
  return Fragment.fromArray(nodes)
}

function mendedNode(node: Node): Node {
  const marks = node.marks.filter(({ type, attrs }) => badAttributes(type.name, attrs, attrs).length === 0)
  if (node.isText) return node.mark(marks)
  const attrs = { ...node.attrs }
  for (const name of badAttributes(node.type.name, attrs, attrs)) {
    // The pictures themselves (`data:`) are taken out of the text and uploaded: images/uploads.ts.
    if (node.type.name !== 'image' || name !== 'src') attrs[name] = node.type.spec.attrs?.[name]?.default
  }
  return node.type.create(attrs, mended(node.content), marks)
}
