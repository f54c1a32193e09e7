/** A picture on a line of its own. `src` is a path of this site; sizes are CSS pixels. */
import { mergeAttributes, Node } from '@tiptap/core'

export const Image = Node.create({
  name: 'image',
  group: 'block',
  atom: true,
  draggable: true,

  addAttributes: () => ({
    src: { default: null },
    alt: { default: '' },
    /** How wide it is shown; null: as wide as it is, or as the page. */
    width: numberAttribute('width', 'width'),
    pixelWidth: numberAttribute('pixelWidth', 'data-pixel-width'),
    pixelHeight: numberAttribute('pixelHeight', 'data-pixel-height'),
  }),

  parseHTML: () => [{ tag: 'img[src]' }],
  renderHTML: ({ HTMLAttributes }) => ['img', mergeAttributes(HTMLAttributes)],
})

function numberAttribute(attribute: string, name: string) {
  return {
    default: null,
    parseHTML: (element: HTMLElement) => Number.parseInt(element.getAttribute(name) ?? '', 10) || null,
    renderHTML: ({ [attribute]: value }: Record<string, unknown>) =>
      typeof value === 'number' ? { [name]: String(value) } : {},
  }
}
