/** What the handle does, for those without a pointer. */
import { Extension } from '@tiptap/core'
import type { Command } from '@tiptap/pm/state'
import { duplicateBlock, moveBlock } from './commands'
import { openBlockMenu } from './handle'

export const BlockKeys = Extension.create({
  name: 'blockKeys',
  addKeyboardShortcuts() {
    const run = (command: () => Command) => () => command()(this.editor.state, this.editor.view.dispatch)
    return {
      'Alt-Shift-ArrowUp': run(() => moveBlock(-1)),
      'Alt-Shift-ArrowDown': run(() => moveBlock(1)),
      'Mod-Shift-d': run(duplicateBlock),
      'Mod-Shift-m': () => openBlockMenu(this.editor),
    }
  },
})
