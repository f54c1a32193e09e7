/**
 * Pictures of other sites become links: the page may load none, and their server would learn who reads here.
 *
 * Those of this site and those that are data are editor/images/uploads.ts's to take.
 */
import { Fragment, type Node, type Schema, Slice } from '@tiptap/pm/model'
import { originOf } from '../images/address'
import { isSafeHref } from '../schema/link'

/** The slice with each foreign picture replaced by a link to it. */
export function keepOwnImages(slice: Slice): Slice {
  return new Slice(kept(slice.content), slice.openStart, slice.openEnd)
}

function kept(fragment: Fragment): Fragment {
  const nodes: Node[] = []
  fragment.forEach((node) => {
    if (node.type.name === 'image' && originOf(node.attrs.src, '') === 'foreign') {
      const link = linkTo(node.type.schema, String(node.attrs.src ?? ''), String(node.attrs.alt ?? ''))
      if (link) nodes.push(link)
    } else nodes.push(node.isLeaf ? node : node.copy(kept(node.content)))
  })
  return Fragment.from(nodes)
}

function linkTo(schema: Schema, src: string, alt: string): Node | null {
  if (!/^https?:/i.test(src) || !isSafeHref(src)) return null
  const words = schema.text(alt || src, [schema.mark('link', { href: src })])
  return schema.node('paragraph', null, [words])
}
