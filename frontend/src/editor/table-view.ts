/** Tables whose columns can be resized, also for who may write only later: Tiptap looks once, when the editor is made. */
import { Table, TableView } from '@tiptap/extension-table'
import { columnResizing, tableEditing } from '@tiptap/pm/tables'

export const ResizableTable = Table.extend({
  // columnResizing brings the view of tables, and leaves those alone that may not be edited.
  addNodeView: () => null,
  addProseMirrorPlugins() {
    const { handleWidth, cellMinWidth, lastColumnResizable, allowTableNodeSelection } = this.options
    return [
      columnResizing({
        handleWidth,
        cellMinWidth,
        defaultCellMinWidth: cellMinWidth,
        lastColumnResizable,
        View: TableView,
      }),
      tableEditing({ allowTableNodeSelection }),
    ]
  },
}).configure({ resizable: true, cellMinWidth: 48 })
