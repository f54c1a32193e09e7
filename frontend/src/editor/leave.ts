/** Escape, then Tab, leaves the text also where Tab does something else: in lists, tables and code (WCAG 2.1.2). */
import { Extension } from '@tiptap/core'
import { Plugin } from '@tiptap/pm/state'

const MODIFIERS = ['Shift', 'Control', 'Alt', 'Meta']

export const LeaveByTab = Extension.create({
  name: 'leaveByTab',
  priority: 1000, // before those who take the Tab for themselves
  addProseMirrorPlugins() {
    let leaving = false
    return [
      new Plugin({
        props: {
          handleDOMEvents: {
            keydown(_, { key }) {
              if (key === 'Tab' && leaving) return true // ProseMirror does nothing with it, the browser goes on
              if (!MODIFIERS.includes(key)) leaving = key === 'Escape'
              return false
            },
            blur() {
              leaving = false
              return false
            },
          },
        },
      }),
    ]
  },
})
