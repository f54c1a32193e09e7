/** The popup of a link: its address with what can be done, and the form that changes it. Loaded when first needed. */
import type { Editor } from '@tiptap/core'
import { Copy, ExternalLink, Pen, Unlink } from 'lucide'
import { copyText, h, icon } from '../dom'
import { t } from '../strings'
import { type Floating, float, textAnchor } from './float'
import { linkAround } from './link'
import { hrefFrom } from './link-rules'

const cards = new WeakMap<Editor, LinkCard>()

/** Opens the form for the selected words or the link around the caret. */
export function editLink(editor: Editor): void {
  cardOf(editor).edit()
}

/** Shows or hides the card of the link around the caret; a form that is open stays. */
export function showLink(editor: Editor, wanted: boolean): void {
  if (wanted) cardOf(editor).show()
  else cards.get(editor)?.settle()
}

export function leaveLinks(editor: Editor): void {
  cards.get(editor)?.remove()
  cards.delete(editor)
}

function cardOf(editor: Editor): LinkCard {
  const known = cards.get(editor)
  if (known) return known
  const made = new LinkCard(editor)
  cards.set(editor, made)
  return made
}

class LinkCard {
  private readonly element = h('div', { class: 'link-card', popover: 'manual', role: 'group' })
  private floating: Floating | null = null
  private mode: 'hidden' | 'card' | 'form' = 'hidden'
  private href = ''
  /** The link whose card was sent away with Escape. */
  private dismissed = -1
  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || this.mode === 'hidden' || event.defaultPrevented) return
    event.preventDefault()
    this.cancel()
  }
  /** Who sent the card away and clicks on the link wants it again. */
  private readonly onClick = () => {
    this.dismissed = -1
    this.show()
  }

  constructor(private readonly editor: Editor) {
    this.element.setAttribute('aria-label', t('link.label'))
    document.body.append(this.element)
    this.element.addEventListener('keydown', this.onKey)
    editor.view.dom.addEventListener('keydown', this.onKey, true) // before ProseMirror, which keeps Escape for itself
    editor.view.dom.addEventListener('click', this.onClick)
    this.element.addEventListener('focusout', ({ relatedTarget }) => {
      const inside = relatedTarget instanceof Node && this.element.contains(relatedTarget)
      if (!inside && document.hasFocus()) this.hide()
    })
  }

  show(): void {
    const range = linkAround(this.editor.state)
    if (range === null || this.mode === 'form' || range.from === this.dismissed) return
    this.dismissed = -1
    const { href } = this.editor.getAttributes('link')
    if (this.mode === 'card' && this.href === href) return this.floating?.move()
    this.href = typeof href === 'string' ? href : ''
    const copy = tool(t('copy'), Copy, async () => {
      if (await copyText(this.href)) copy.setAttribute('aria-label', t('copied'))
      copy.classList.add('done')
    })
    this.open(
      'card',
      h('a', { class: 'address', href: this.href, target: '_blank', rel: 'noopener noreferrer' }, readable(this.href)),
      openLink(this.href),
      copy,
      tool(t('link.edit'), Pen, () => this.edit()),
      tool(t('link.remove'), Unlink, () => this.unlink()),
    )
  }

  edit(): void {
    const { editor } = this
    const now: unknown = editor.getAttributes('link').href
    const href = typeof now === 'string' ? now : ''
    const problem = h('p', { class: 'problem', role: 'alert', id: 'link-problem' })
    const input = h('input', {
      class: 'field',
      type: 'text',
      inputmode: 'url',
      autocomplete: 'off',
      spellcheck: 'false',
      dir: 'ltr',
      'aria-label': t('link.address'),
      'aria-describedby': 'link-problem',
      placeholder: t('link.placeholder'),
    })
    input.value = href
    const form = h('form', {}, input, h('button', { class: 'button main', type: 'submit' }, t('link.save')))
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (input.value.trim() === '' && href !== '') return this.unlink()
      const wanted = hrefFrom(input.value)
      if (wanted !== null) return this.save(wanted)
      problem.textContent = t('link.refused')
      input.setAttribute('aria-invalid', 'true')
      this.floating?.move()
    })
    if (href !== '')
      form.append(
        openLink(href),
        tool(t('link.remove'), Unlink, () => this.unlink()),
      )
    this.open('form', form, problem)
    showSelection(editor)
    input.select()
    input.focus()
  }

  /** The caret has left the link. */
  settle(): void {
    this.dismissed = -1
    if (this.mode === 'card' && !this.element.contains(document.activeElement)) this.hide()
  }

  remove(): void {
    this.hide()
    this.editor.view.dom.removeEventListener('keydown', this.onKey, true)
    this.editor.view.dom.removeEventListener('click', this.onClick)
    this.element.remove()
  }

  private save(href: string): void {
    const { editor } = this
    this.dismissed = -1
    this.hide()
    const chain = editor.chain().focus()
    if (editor.state.selection.empty && !editor.isActive('link')) {
      chain.insertContent({ type: 'text', text: readable(href), marks: [{ type: 'link', attrs: { href } }] }).run()
      return
    }
    if (editor.state.selection.empty) chain.extendMarkRange('link')
    chain
      .setLink(href)
      .command(({ tr, commands }) => commands.setTextSelection(tr.selection.to))
      .run()
  }

  private unlink(): void {
    this.hide()
    this.editor.chain().focus().unsetLink().run()
  }

  private cancel(): void {
    this.dismissed = linkAround(this.editor.state)?.from ?? -1
    this.hide()
    this.editor.commands.focus(null, { scrollIntoView: false })
  }

  private open(mode: 'card' | 'form', ...children: Node[]): void {
    this.mode = mode
    this.element.replaceChildren(...children)
    const range = () => linkAround(this.editor.state) ?? this.editor.state.selection
    this.floating ??= float(this.element, textAnchor(this.editor, range), 'bottom-start')
    this.floating.move()
  }

  private hide(): void {
    if (this.mode === 'hidden') return
    this.mode = 'hidden'
    this.floating?.leave()
    this.floating = null
    hideSelection()
  }
}

function tool(name: string, image: Parameters<typeof icon>[0], run: () => void): HTMLButtonElement {
  return h('button', { type: 'button', class: 'tool', 'aria-label': name, title: name, onclick: run }, icon(image))
}

function openLink(href: string): HTMLAnchorElement {
  const name = t('link.open')
  const attributes = {
    class: 'tool',
    href,
    target: '_blank',
    rel: 'noopener noreferrer',
    'aria-label': name,
    title: name,
  }
  return h('a', attributes, icon(ExternalLink))
}

/** An address as one reads it. */
const readable = (href: string): string => href.replace(/^(https?:\/\/|mailto:|tel:)/, '').replace(/^([^/]+)\/$/, '$1')

/** While the form has the focus the browser shows no selection in the text: paint it (CSS Custom Highlight API). */
function showSelection(editor: Editor): void {
  const { from, to, empty } = editor.state.selection
  if (empty || !('highlights' in CSS)) return
  const start = editor.view.domAtPos(from)
  const end = editor.view.domAtPos(to)
  const range = new Range()
  range.setStart(start.node, start.offset)
  range.setEnd(end.node, end.offset)
  CSS.highlights.set('chosen', new Highlight(range))
}

function hideSelection(): void {
  if ('highlights' in CSS) CSS.highlights.delete('chosen')
}
