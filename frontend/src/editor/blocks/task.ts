/** A task: a real checkbox with a name of its own, which only writers can tick. */
import { TaskItem as TaskItemNode } from '@tiptap/extension-list'
import { t } from '../../strings'
import { forWriters } from './writers'

export const TaskItem = TaskItemNode.extend({
  addNodeView() {
    const make = this.parent?.()
    return (props) => {
      if (!make) throw new Error('a task item has a view')
      const view = make(props)
      const checkbox = (view.dom as HTMLElement).querySelector('input')
      if (checkbox) forWriters(checkbox, props.editor)
      return view
    }
  },
}).configure({
  nested: true,
  a11y: { checkboxLabel: (node) => t('task.done', { text: node.firstChild?.textContent || t('task.empty') }) },
})
