/** Formulas in LaTeX: within a line, and on a line of their own. */
import { mergeAttributes, Node } from '@tiptap/core'

const latexAttribute = {
  default: '',
  parseHTML: (element: HTMLElement) => element.dataset.latex ?? '',
  renderHTML: ({ latex }: Record<string, unknown>) => ({ 'data-latex': String(latex) }),
}

export const InlineMath = Node.create({
  name: 'inlineMath',
  group: 'inline',
  inline: true,
  atom: true,
  addAttributes: () => ({ latex: latexAttribute }),
  parseHTML: () => [{ tag: 'span[data-latex]' }],
  renderHTML: ({ node, HTMLAttributes }) => ['span', mergeAttributes(HTMLAttributes), String(node.attrs.latex)],
  renderText: ({ node }) => String(node.attrs.latex),
})

export const BlockMath = Node.create({
  name: 'blockMath',
  group: 'block',
  atom: true,
  addAttributes: () => ({ latex: latexAttribute }),
  parseHTML: () => [{ tag: 'div[data-latex]' }],
  renderHTML: ({ node, HTMLAttributes }) => ['div', mergeAttributes(HTMLAttributes), String(node.attrs.latex)],
  renderText: ({ node }) => String(node.attrs.latex),
})
