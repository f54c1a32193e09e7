/** Highlight and text colour. A colour is a name, not a value: each theme paints it so that the text stays readable. */
import { Mark, mergeAttributes } from '@tiptap/core'

export const COLORS = ['gray', 'red', 'orange', 'yellow', 'green', 'blue', 'purple', 'pink'] as const
export type Color = (typeof COLORS)[number]

export const isColor = (name: unknown): name is Color => COLORS.includes(name as Color)

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    highlight: {
      setHighlight(color: Color): ReturnType
      unsetHighlight(): ReturnType
    }
    textColor: {
      setTextColor(color: Color): ReturnType
      unsetTextColor(): ReturnType
    }
  }
}

export const Highlight = Mark.create({
  name: 'highlight',
  addAttributes: () => ({ color: colorAttribute('data-highlight', 'yellow') }),
  parseHTML: () => [{ tag: 'mark' }],
  renderHTML: ({ HTMLAttributes }) => ['mark', mergeAttributes(HTMLAttributes), 0],
  addCommands() {
    return {
      setHighlight:
        (color) =>
        ({ commands }) =>
          commands.setMark(this.name, { color }),
      unsetHighlight:
        () =>
        ({ commands }) =>
          commands.unsetMark(this.name),
    }
  },
  addKeyboardShortcuts() {
    return { 'Mod-Shift-h': () => this.editor.commands.toggleMark(this.name, { color: 'yellow' }) }
  },
})

export const TextColor = Mark.create({
  name: 'textColor',
  addAttributes: () => ({ color: colorAttribute('data-color', 'gray') }),
  parseHTML: () => [{ tag: 'span[data-color]' }],
  renderHTML: ({ HTMLAttributes }) => ['span', mergeAttributes(HTMLAttributes), 0],
  addCommands() {
    return {
      setTextColor:
        (color) =>
        ({ commands }) =>
          commands.setMark(this.name, { color }),
      unsetTextColor:
        () =>
        ({ commands }) =>
          commands.unsetMark(this.name),
    }
  },
})

function colorAttribute(name: string, fallback: Color) {
  return {
    default: fallback,
    parseHTML: (element: HTMLElement) => {
      const color = element.getAttribute(name)
      return isColor(color) ? color : fallback
    },
    renderHTML: ({ color }: Record<string, unknown>) => ({ [name]: isColor(color) ? color : fallback }),
  }
}
