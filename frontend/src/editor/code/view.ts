/** A code block as it is seen: its language is a select over the code, and a button copies it. */
import type { Editor } from '@tiptap/core'
import { CodeBlock as CodeBlockNode } from '@tiptap/extension-code-block'
import { TextSelection } from '@tiptap/pm/state'
import { Check, Copy } from 'lucide'
import { copyText, h, icon } from '../../dom'
import { t } from '../../strings'
import { forWriters } from '../blocks/writers'
import { knownLanguage, LANGUAGES } from './languages'

const COPIED_MS = 1_600

export const CodeBlock = CodeBlockNode.extend({
  addNodeView() {
    return ({ node, editor, getPos }) => {
      let shown = node
      const select = languageSelect(editor, getPos)
      const copy = copyButton(() => shown.textContent)
      const bar = h('div', { class: 'code-bar', contenteditable: 'false' }, select, copy)
      const code = h('code', { spellcheck: 'false', dir: 'ltr' })
      const dom = h('div', { class: 'code' }, bar, h('pre', { dir: 'ltr' }, code))
      show(select, node.attrs.language)
      return {
        dom,
        contentDOM: code,
        update(next) {
          if (next.type !== node.type) return false
          if (next.attrs.language !== shown.attrs.language) show(select, next.attrs.language)
          shown = next
          return true
        },
        stopEvent: (event) => bar.contains(event.target as HTMLElement),
        ignoreMutation: (mutation) => mutation.type !== 'selection' && !code.contains(mutation.target),
      }
    }
  },

  addKeyboardShortcuts() {
    const inherited = this.parent?.() ?? {}
    return {
      ...inherited,
      Enter: (props) => inherited.Enter?.(props) || keepIndentation(props.editor),
    }
  },
}).configure({ enableTabIndentation: true, tabSize: 2 })

/** All languages are put into it when somebody reaches for it. */
function languageSelect(editor: Editor, getPos: () => number | undefined): HTMLSelectElement {
  const select = h('select', {
    class: 'code-language',
    'aria-label': t('code.language'),
    title: t('code.language'),
    'data-testid': 'code-language',
  })
  const fill = () => {
    if (select.options.length > 1) return
    const { value } = select
    const names = Object.entries(LANGUAGES).sort(([, one], [, other]) => one.localeCompare(other))
    const all = [option('', t('code.plain')), ...names.map(([name, label]) => option(name, label))]
    if (!all.some((each) => each.value === value)) all.push(option(value, value))
    select.replaceChildren(...all)
    select.value = value
  }
  for (const reach of ['pointerdown', 'focus', 'keydown']) select.addEventListener(reach, fill)
  select.addEventListener('change', () => {
    const pos = getPos()
    if (pos === undefined || !editor.isEditable) return
    editor.view.dispatch(editor.state.tr.setNodeAttribute(pos, 'language', select.value || null))
  })
  forWriters(select, editor)
  return select
}

function show(select: HTMLSelectElement, language: unknown): void {
  const value = knownLanguage(language) ?? (typeof language === 'string' ? language : '')
  if (![...select.options].some((each) => each.value === value)) {
    select.append(option(value, LANGUAGES[value] ?? (value || t('code.plain'))))
  }
  select.value = value
}

const option = (value: string, label: string): HTMLOptionElement => h('option', { value }, label)

function copyButton(text: () => string): HTMLButtonElement {
  const button = h('button', { type: 'button', class: 'code-copy', 'data-testid': 'code-copy' })
  const say = (copied: boolean) => {
    const name = copied ? t('copied') : t('code.copy')
    button.setAttribute('aria-label', name)
    button.title = name
    button.replaceChildren(icon(copied ? Check : Copy))
  }
  say(false)
  button.addEventListener('click', async () => {
    say(await copyText(text()))
    setTimeout(() => say(false), COPIED_MS)
  })
  return button
}

/** A new line of code begins as far in as the one before it. */
function keepIndentation(editor: Editor): boolean {
  const { $from, from, to } = editor.state.selection
  if ($from.parent.type.name !== 'codeBlock' || to > $from.end()) return false
  const line = $from.parent.textBetween(0, $from.parentOffset).split('\n').at(-1) ?? ''
  const text = `\n${/^[ \t]*/.exec(line)?.[0] ?? ''}`
  const tr = editor.state.tr.insertText(text, from, to)
  editor.view.dispatch(tr.setSelection(TextSelection.create(tr.doc, from + text.length)).scrollIntoView())
  return true
}
