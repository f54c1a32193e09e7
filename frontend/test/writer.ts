/** An editor in jsdom, and keys pressed in it as a person does: rules and keymaps answer. */
import { type AnyExtension, Editor, type JSONContent } from '@tiptap/core'
import { contentExtensions } from '../src/editor/schema'

/** An editor with the schema and `more`; `content` is HTML or JSON. */
export function writer(content: string | JSONContent = '', more: AnyExtension[] = []): Editor {
  const element = document.createElement('div')
  document.body.append(element)
  const nodes = contentExtensions(more) // those of the same name stand in for the schema's
  const others = more.filter((extension) => !nodes.includes(extension))
  return new Editor({ element, content, injectCSS: false, extensions: [...nodes, ...others] })
}

/** Types `text` key by key where the caret is; "\n" is Enter. */
export function type(editor: Editor, text: string): void {
  for (const letter of text) {
    if (letter === '\n') press(editor, 'Enter')
    else {
      const { view } = editor
      const { from, to } = view.state.selection
      const plain = () => view.state.tr.insertText(letter, from, to)
      const handled = view.someProp('handleTextInput', (answer) => answer(view, from, to, letter, plain))
      if (!handled) view.dispatch(plain())
    }
  }
}

export function press(editor: Editor, key: string, more: KeyboardEventInit = {}): void {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
  editor.view.someProp('handleKeyDown', (answer) => answer(editor.view, event))
}

/** The document in short: "p:words" by block, `ul>li>p:words` for what is nested. */
export function shape(editor: Editor): string[] {
  const found: string[] = []
  const walk = (node: JSONContent, path: string) => {
    const here = [path, node.type].filter(Boolean).join('>')
    const inline = (node.content ?? []).every(({ type }) => type === 'text')
    if (inline) found.push(`${here}:${(node.content ?? []).map(({ text }) => text).join('')}`)
    else for (const child of node.content ?? []) walk(child, here)
  }
  for (const child of editor.getJSON().content ?? []) walk(child, '')
  return found
}
