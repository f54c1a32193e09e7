/**
 * Colours code blocks while nobody waits: at idle, each block once per change, the rest of the document untouched.
 *
 * Colours are decorations: they are never part of the document. Until a block is done it keeps the colours it had.
 */
import { Extension } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { Plugin, PluginKey } from '@tiptap/pm/state'
import { Decoration, DecorationSet, type EditorView } from '@tiptap/pm/view'
import type { Span } from './highlighter'
import { knownLanguage } from './languages'

/** Longer code stays plain: colouring it would take longer than a frame. UTF-16 units. */
const MAX_CODE_LENGTH = 20_000
const REST_MS = 120

interface Coloured {
  pos: number
  node: Node
  spans: Span[]
}

const key = new PluginKey<DecorationSet>('highlight')

export const Highlighting = Extension.create({
  name: 'highlighting',
  addProseMirrorPlugins() {
    return [
      new Plugin<DecorationSet>({
        key,
        state: {
          init: () => DecorationSet.empty,
          apply: (transaction, colours) => {
            const mapped = transaction.docChanged ? colours.map(transaction.mapping, transaction.doc) : colours
            const blocks = transaction.getMeta(key) as Coloured[] | undefined
            return blocks ? blocks.reduce((set, block) => painted(set, transaction.doc, block), mapped) : mapped
          },
        },
        props: { decorations: (state) => key.getState(state) },
        view: (view) => new Painter(view),
      }),
    ]
  },
})

function painted(set: DecorationSet, doc: Node, { pos, node, spans }: Coloured): DecorationSet {
  const start = pos + 1
  const old = set.find(start, start + node.content.size)
  const fresh = spans.map(({ from, to, kind }) => Decoration.inline(start + from, start + to, { class: kind }))
  return set.remove(old).add(doc, fresh)
}

/** The highlighter and its grammars; null when there is no network. */
async function fetched(languages: Set<string>): Promise<typeof import('./highlighter') | null> {
  try {
    const highlighter = await import('./highlighter')
    await Promise.all([...languages].map((language) => highlighter.load(language)))
    return highlighter
  } catch {
    return null
  }
}

class Painter {
  /** Blocks as they were painted, and with how many colours; a changed block is another node. */
  private done = new WeakMap<Node, number>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private stopped = false

  constructor(private readonly view: EditorView) {
    this.rest()
  }

  update(view: EditorView, before: { doc: Node }): void {
    if (view.state.doc !== before.doc) this.rest()
  }

  destroy(): void {
    this.stopped = true
    clearTimeout(this.timer)
  }

  /** Waits until the keys rest. */
  private rest(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.paint(), REST_MS)
  }

  private async paint(): Promise<void> {
    const languages = new Set(this.waiting().flatMap(({ language }) => language ?? []))
    const highlighter = languages.size > 0 ? await fetched(languages) : null
    if (this.stopped || (languages.size > 0 && highlighter === null)) return // the next change asks again
    const blocks: Coloured[] = []
    // What is here now: it may have changed while grammars were on their way.
    for (const { pos, node, language } of this.waiting()) {
      if (language !== null && !languages.has(language)) continue // the next round loads it
      const spans = (language === null ? null : highlighter?.spans(language, node.textContent)) ?? []
      this.done.set(node, spans.length)
      blocks.push({ pos, node, spans })
    }
    if (blocks.length > 0) this.view.dispatch(this.view.state.tr.setMeta(key, blocks).setMeta('addToHistory', false))
  }

  private waiting(): { pos: number; node: Node; language: string | null }[] {
    const found: { pos: number; node: Node; language: string | null }[] = []
    this.view.state.doc.descendants((node, pos) => {
      if (node.type.name === 'codeBlock' && !this.isPainted(node, pos)) {
        const isShort = node.content.size <= MAX_CODE_LENGTH
        found.push({ pos, node, language: isShort ? knownLanguage(node.attrs.language) : null })
      }
      return !node.isTextblock
    })
    return found
  }

  /** Colours go when the edits of others replace the block by itself. */
  private isPainted(node: Node, pos: number): boolean {
    const colours = this.done.get(node)
    if (colours === undefined || colours === 0) return colours === 0
    return (key.getState(this.view.state)?.find(pos + 1, pos + 1 + node.content.size).length ?? 0) > 0
  }
}
