/** Markdown as one types it, where Tiptap's nodes and marks do not have it themselves. */
import { Extension, InputRule, markInputRule } from '@tiptap/core'
import { Plugin } from '@tiptap/pm/state'

const MARKED = /(?:^|\s)(==(?!\s)([^=]+)(?<!\s)==)$/
/** What bars cover of the window, px: the caret is kept clear of it. */
const COVERED = { top: 116, right: 0, bottom: 64, left: 0 }
const BOX = /^\[([ xX]?)\] $/

export const TypingRules = Extension.create({
  name: 'typingRules',
  addInputRules() {
    const { highlight } = this.editor.schema.marks
    return [...(highlight ? [markInputRule({ find: MARKED, type: highlight })] : []), taskInList()]
  },
  addProseMirrorPlugins() {
    return [new Plugin({ props: { scrollThreshold: COVERED, scrollMargin: COVERED } })]
  },
})

/** "- [ ] " is a task: the box makes one of the item of another list it is typed in. */
function taskInList(): InputRule {
  return new InputRule({
    find: BOX,
    handler: ({ state, range, match, chain }) => {
      if (state.selection.$from.node(-1)?.type.name !== 'listItem') return null
      const checked = match[1]?.toLowerCase() === 'x'
      chain().deleteRange(range).toggleTaskList().updateAttributes('taskItem', { checked }).run()
    },
  })
}
