/**
 * The blocks one can choose, in one table: the slash menu, "Insert", "Turn into" and the menu of a block show it.
 *
 * A choice of kind `turn` changes the blocks of the selection (in an empty line that is as good as inserting); one of
 * kind `insert` puts something new where the caret is. Running a choice that is already there changes nothing.
 */
import type { ChainedCommands, Editor } from '@tiptap/core'
import type { Node, NodeType, ResolvedPos } from '@tiptap/pm/model'
import { type EditorState, TextSelection } from '@tiptap/pm/state'
import {
  AtSign,
  Heading1,
  Heading2,
  Heading3,
  Heading4,
  type IconNode,
  Image,
  Info,
  List,
  ListCollapse,
  ListOrdered,
  ListTodo,
  Minus,
  Pilcrow,
  Radical,
  Sigma,
  SquareCode,
  Table,
  TextQuote,
} from 'lucide'
import type { Page } from '../page'
import { type Key, t } from '../strings'
import { HEADING_LEVELS } from './schema'

export type BlockGroup = 'text' | 'lists' | 'blocks' | 'insert'

export interface BlockChoice {
  key: string
  kind: 'turn' | 'insert'
  group: BlockGroup
  name: string
  /** Other words people look for, separated by spaces, in the page's language. */
  words: string
  icon: IconNode
  /** What one may type instead, as Markdown; empty when there is nothing. */
  typed: string
  /** As in a keymap: "Mod-Alt-1"; empty when there is none. */
  shortcut: string
  run(chain: ChainedCommands): ChainedCommands
}

interface Row {
  kind: 'turn' | 'insert'
  group: BlockGroup
  icon: IconNode
  typed?: string
  shortcut?: string
  run(chain: ChainedCommands): ChainedCommands
  able?(editor: Editor, page: Page): boolean
}

const HEADINGS = [Heading1, Heading2, Heading3, Heading4]
const NEW_TABLE = { rows: 3, cols: 3, withHeaderRow: true }

const ROWS: Record<string, Row> = {
  text: { kind: 'turn', group: 'text', icon: Pilcrow, shortcut: 'Mod-Alt-0', run: plain },
  ...Object.fromEntries(
    HEADING_LEVELS.map((level): [string, Row] => [
      `heading${level}`,
      {
        kind: 'turn',
        group: 'text',
        icon: HEADINGS[level - 1] ?? Heading1,
        typed: '#'.repeat(level),
        shortcut: `Mod-Alt-${level}`,
        run: (c) => c.setHeading({ level }),
      },
    ]),
  ),
  bulletList: {
    kind: 'turn',
    group: 'lists',
    icon: List,
    typed: '-',
    shortcut: 'Mod-Shift-8',
    run: (c) => unlessIn(c, 'bulletList', (inner) => inner.toggleBulletList()),
  },
  orderedList: {
    kind: 'turn',
    group: 'lists',
    icon: ListOrdered,
    typed: '1.',
    shortcut: 'Mod-Shift-7',
    run: (c) => unlessIn(c, 'orderedList', (inner) => inner.toggleOrderedList()),
  },
  taskList: {
    kind: 'turn',
    group: 'lists',
    icon: ListTodo,
    typed: '[]',
    shortcut: 'Mod-Shift-9',
    run: (c) => unlessIn(c, 'taskList', (inner) => inner.toggleTaskList()),
  },
  blockquote: {
    kind: 'turn',
    group: 'blocks',
    icon: TextQuote,
    typed: '>',
    shortcut: 'Mod-Shift-B',
    run: (c) => wrap(c, 'blockquote'),
  },
  codeBlock: {
    kind: 'turn',
    group: 'blocks',
    icon: SquareCode,
    typed: '```',
    shortcut: 'Mod-Alt-C',
    run: (c) => c.setNode('codeBlock'),
  },
  callout: { kind: 'turn', group: 'blocks', icon: Info, run: (c) => wrap(c, 'callout') },
  details: { kind: 'turn', group: 'blocks', icon: ListCollapse, run: (c) => unlessIn(c, 'details', fold) },
  table: {
    kind: 'insert',
    group: 'insert',
    icon: Table,
    run: (c) => freshLine(c).insertTable(NEW_TABLE),
    able: (editor) => !isWithin(editor.state, 'table'),
  },
  image: {
    kind: 'insert',
    group: 'insert',
    icon: Image,
    run: (c) => named(c, 'pickImage'),
    able: (editor) => 'pickImage' in editor.commands,
  },
  blockMath: {
    kind: 'insert',
    group: 'insert',
    icon: Sigma,
    run: (c) => freshLine(c).insertContent({ type: 'blockMath' }),
  },
  inlineMath: {
    kind: 'insert',
    group: 'insert',
    icon: Radical,
    run: (c) => c.insertContent({ type: 'inlineMath' }),
  },
  horizontalRule: {
    kind: 'insert',
    group: 'insert',
    icon: Minus,
    typed: '---',
    run: (c) => c.setHorizontalRule(),
  },
  mention: { kind: 'insert', group: 'insert', icon: AtSign, typed: '@', run: (c) => c.command(startMention) },
}

/** What can be chosen where the selection is, in the order it is shown. */
export function blockChoices(editor: Editor, page: Page): BlockChoice[] {
  return blockTable().filter(({ key }) => ROWS[key]?.able?.(editor, page) ?? true)
}

/** All there are. */
export function blockTable(): BlockChoice[] {
  return Object.entries(ROWS).map(([key, { able: _, typed = '', shortcut = '', ...row }]) => ({
    ...row,
    key,
    typed,
    shortcut,
    name: t(`block.${key}` as Key),
    words: t(`block.${key}.words` as Key),
  }))
}

/** The key of the choice that the caret stands in: the innermost; `text` when none. */
export function blockAt(state: EditorState): string {
  const { $from } = state.selection
  for (let depth = $from.depth; depth > 0; depth--) {
    const { type, attrs } = $from.node(depth)
    if (type.name === 'heading') return `heading${attrs.level}`
    if (type.spec.tableRole) return 'text'
    if (type.name !== 'paragraph' && type.name in ROWS) return type.name
  }
  return 'text'
}

/** Puts the caret in an empty line: the one it is in, or a new one after the block it is in. */
export function freshLine(chain: ChainedCommands): ChainedCommands {
  return chain.command(({ tr, state, dispatch }) => {
    const { $to } = tr.selection
    const { parent } = $to
    if (parent.isTextblock && parent.content.size === 0 && parent.type.name === 'paragraph') return true
    const line = state.schema.nodes.paragraph?.createAndFill()
    const after = line && placeAfter($to, line)
    if (!line || after === null || after === undefined) return false
    if (dispatch) tr.insert(after, line).setSelection(TextSelection.create(tr.doc, after + 1))
    return true
  })
}

/** Plain text; what is plain text already leaves the list, quote or callout around it. */
function plain(chain: ChainedCommands): ChainedCommands {
  return chain.command(({ state, commands }) =>
    state.selection.$from.parent.type.name === 'paragraph' ? commands.clearNodes() : commands.setParagraph(),
  )
}

function unlessIn(
  chain: ChainedCommands,
  type: string,
  run: (inner: ChainedCommands) => ChainedCommands,
): ChainedCommands {
  return chain.command(({ state, chain: inner }) => blockAt(state) === type || run(inner()).run())
}

/** Puts the blocks of the selection into a block of `type`; out of a list when a list cannot hold it. */
function wrap(chain: ChainedCommands, type: string): ChainedCommands {
  return chain.command(({ state, can, chain: inner }) => {
    if (isWithin(state, type)) return true
    return can().wrapIn(type) ? inner().wrapIn(type).run() : inner().clearNodes().wrapIn(type).run()
  })
}

/** A toggle whose line that is always seen is the text of the block; several blocks become its content. */
function fold(chain: ChainedCommands): ChainedCommands {
  return chain.command(({ tr, state, dispatch, commands }) => {
    if (!tr.selection.$from.sameParent(tr.selection.$to)) return commands.setDetails()
    const { details, detailsSummary, detailsContent, paragraph } = state.schema.nodes
    if (!details || !detailsSummary || !detailsContent || !paragraph) return false
    if (!canHold(tr.selection.$from, details)) commands.clearNodes() // a list's first line cannot be a toggle
    const { $from } = tr.selection
    const { content } = $from.parent
    if (!canHold($from, details) || !detailsSummary.validContent(content)) return false
    const start = $from.before()
    const parts = [detailsSummary.create(null, content), detailsContent.create(null, paragraph.create())]
    if (dispatch) {
      tr.replaceWith(start, $from.after(), details.create(null, parts))
      tr.setSelection(TextSelection.create(tr.doc, start + 2 + $from.parentOffset))
    }
    return true
  })
}

/** Whether a block of `type` may stand in place of the one at `$pos`. */
function canHold($pos: ResolvedPos, type: NodeType): boolean {
  if ($pos.depth === 0) return false
  const index = $pos.index(-1)
  return $pos.node(-1).canReplaceWith(index, index + 1, type)
}

/** Types the letter that opens the list of people. */
function startMention({ tr, dispatch }: { tr: EditorState['tr']; dispatch: unknown }): boolean {
  const { $from } = tr.selection
  const before = $from.parent.textBetween(0, $from.parentOffset, undefined, ' ')
  if (dispatch) tr.insertText(before === '' || /\s$/.test(before) ? '@' : ' @')
  return true
}

/** A command that another feature brings. */
function named(chain: ChainedCommands, command: string): ChainedCommands {
  const run = (chain as unknown as Record<string, () => ChainedCommands>)[command]
  return run ? run() : chain
}

function placeAfter($pos: ResolvedPos, node: Node): number | null {
  for (let depth = $pos.depth; depth > 0; depth--) {
    const index = $pos.indexAfter(depth - 1)
    if ($pos.node(depth - 1).canReplaceWith(index, index, node.type)) return $pos.after(depth)
  }
  return null
}

function isWithin(state: EditorState, type: string): boolean {
  const { $from } = state.selection
  for (let depth = $from.depth; depth > 0; depth--) if ($from.node(depth).type.name === type) return true
  return false
}
