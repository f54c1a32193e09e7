/** The slash menu: "/" at the start of a block or after a space offers every block by its names. */
import { Extension } from '@tiptap/core'
import { icon } from '../dom'
import type { Page } from '../page'
import { type Key, t } from '../strings'
import { type BlockChoice, blockChoices } from './blocks-menu'
import { keysFor } from './keys'
import { suggest } from './suggest'
import { insertNew } from './toolbar/menus'

interface Found extends BlockChoice {
  /** The group is shown while nothing is searched: what is found stands in the order of how well it fits. */
  title: string
}

export const slashMenu = (page: Page): Extension =>
  Extension.create({
    name: 'slashMenu',
    addProseMirrorPlugins() {
      const { editor } = this
      return [
        suggest<Found>({
          editor,
          name: 'slash',
          char: '/',
          spaces: true,
          label: t('slash.label'),
          items: (query) => found(blockChoices(editor, page), query),
          show: ({ key, name, title, typed, shortcut, icon: image }) => ({
            id: key,
            label: name,
            lead: () => icon(image),
            ...(title === '' ? {} : { group: title }),
            ...(typed === '' && shortcut === '' ? {} : { keys: typed || keysFor(shortcut) }),
          }),
          allow: (state, range) => state.doc.resolve(range.from).parent.type.name !== 'detailsSummary',
          choose: (_editor, range, choice) => {
            const atStart = editor.state.doc.resolve(range.from).parentOffset === 0
            const chain = editor.chain().focus().deleteRange(range)
            const done = atStart ? choice.run(chain) : insertNew(chain, choice)
            done.run()
          },
        }),
      ]
    },
  })

function found(choices: BlockChoice[], query: string): Found[] {
  const title = ({ group }: BlockChoice) => (query === '' ? t(`blocks.${group}` as Key) : '')
  return filterChoices(choices, query).map((choice) => ({ ...choice, title: title(choice) }))
}

/** Those that fit what was typed, the best first: its name, a word of its name, another word for it, a part of it. */
export function filterChoices<C extends Pick<BlockChoice, 'name' | 'words' | 'typed'>>(
  choices: C[],
  query: string,
): C[] {
  if (query === '') return choices
  const wanted = folded(query)
  if (wanted.trim() === '' || wanted !== wanted.trimStart()) return []
  const rank = ({ name, words, typed }: C): number => {
    const called = folded(name)
    if (called.startsWith(wanted) || typed === query) return 0
    if (called.split(' ').some((word) => word.startsWith(wanted))) return 1
    if (
      folded(words)
        .split(' ')
        .some((word) => word.startsWith(wanted))
    )
      return 2
    return wanted.length > 1 && (called.includes(wanted) || called.replaceAll(' ', '').includes(wanted)) ? 3 : 4
  }
  return choices
    .map((choice) => ({ choice, rank: rank(choice) }))
    .filter((each) => each.rank < 4)
    .sort((one, other) => one.rank - other.rank)
    .map(({ choice }) => choice)
}

/** Without capitals and accents. */
const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase()
