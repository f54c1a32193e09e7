/** A link. Only addresses that cannot run a script are kept; the server's writers check the same (documents/links.py). */
import { Mark, mergeAttributes } from '@tiptap/core'

const SCHEMES = ['http:', 'https:', 'mailto:', 'tel:']

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    link: {
      /** Links the selected text. Answers false for an address that is not allowed. */
      setLink(href: string): ReturnType
      unsetLink(): ReturnType
    }
  }
}

/** Whether `href` may be followed: http, https, mailto, tel, or an address on this site. */
export function isSafeHref(href: unknown): href is string {
  if (typeof href !== 'string' || href === '') return false
  try {
    return SCHEMES.includes(new URL(href, 'https://here.invalid/').protocol)
  } catch {
    return false
  }
}

export const Link = Mark.create({
  name: 'link',
  inclusive: false,
  priority: 1000, // outermost: one <a> around bold and plain words alike

  addAttributes: () => ({
    href: {
      default: null,
      parseHTML: (element: HTMLElement) => element.getAttribute('href'),
      renderHTML: ({ href }: Record<string, unknown>) => (isSafeHref(href) ? { href } : {}),
    },
  }),

  parseHTML: () => [
    { tag: 'a[href]', getAttrs: (element) => (isSafeHref(element.getAttribute('href')) ? null : false) },
  ],

  renderHTML: ({ HTMLAttributes }) => [
    'a',
    mergeAttributes(HTMLAttributes, { rel: 'noopener noreferrer nofollow', target: '_blank' }),
    0,
  ],

  addCommands() {
    return {
      setLink:
        (href) =>
        ({ commands }) =>
          isSafeHref(href) && commands.setMark(this.name, { href }),
      unsetLink:
        () =>
        ({ commands }) =>
          commands.unsetMark(this.name, { extendEmptyMarkRange: true }),
    }
  },
})
