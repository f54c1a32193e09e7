/**
 * What a document may hold, and the list of Tiptap's extensions that make it so.
 *
 * Changing nodes or marks changes what stored documents mean; test/extensions.test.ts pins them.
 */
import type { AnyExtension } from '@tiptap/core'
import { Placeholder } from '@tiptap/extensions'
import { StarterKit } from '@tiptap/starter-kit'
import { t } from '../strings'

export const HEADING_LEVELS = [1, 2, 3, 4] as const

/** Nodes, marks and keys, without collaboration. */
export function contentExtensions(): AnyExtension[] {
  return [
    StarterKit.configure({
      undoRedo: false, // Collaboration brings an undo of one's own edits only
      trailingNode: false, // it writes when the document is merely opened
      heading: { levels: [...HEADING_LEVELS] },
      // Autolink answers other people's edits too: every open page would write the same link.
      link: {
        autolink: false,
        openOnClick: 'whenNotEditable',
        HTMLAttributes: { rel: 'noopener noreferrer nofollow' },
      },
      dropcursor: { color: false, class: 'drop-cursor' },
    }),
    Placeholder.configure({ placeholder: () => t('editor.placeholder') }),
  ]
}
