/**
 * A picture as it is seen: its room is kept before it is loaded, a handle makes it narrower, "Alt text" says what it
 * shows. One that is not of this site is a link: nothing of other sites is loaded into a document.
 */
import type { Editor, NodeViewRendererProps } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import type { NodeView } from '@tiptap/pm/view'
import { ImageOff } from 'lucide'
import { h, icon } from '../../dom'
import { t } from '../../strings'
import { Image as ImageNode } from '../schema/image'
import { isSafeHref } from '../schema/link'
import { imagePath } from './address'
import { openAlt } from './alt'
import { mountHandle } from './resize'

export const Image = ImageNode.extend({
  addNodeView: () => (props) => new ImageView(props),
})

class ImageView implements NodeView {
  readonly dom = h('figure', { class: 'image' })
  private readonly frame = h('div', { class: 'image-frame' })
  private readonly image = h('img', { loading: 'lazy', decoding: 'async', referrerpolicy: 'same-origin' })
  private readonly controls: HTMLElement
  private readonly handle
  private node: Node
  private readonly editor: Editor
  private readonly getPos: () => number | undefined

  constructor({ node, editor, getPos }: NodeViewRendererProps) {
    this.node = node
    this.editor = editor
    this.getPos = getPos
    this.handle = mountHandle(this.frame, {
      width: () => this.image.getBoundingClientRect().width,
      most: () => this.dom.getBoundingClientRect().width,
      show: (width) => this.showWidth(width),
      keep: (width) => this.change('width', width),
      leave: () => editor.view.focus(),
    })
    const alt = h('button', { type: 'button', class: 'button image-alt', 'aria-haspopup': 'dialog' }, t('image.alt'))
    alt.addEventListener('click', () => {
      openAlt(alt, String(this.node.attrs.alt ?? ''), (text) => this.change('alt', text))
    })
    alt.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') editor.view.focus()
    })
    this.controls = h('div', { class: 'image-controls', contenteditable: 'false' }, alt)
    this.image.addEventListener('error', () => this.broken(true))
    this.image.addEventListener('load', () => this.broken(false))
    window.addEventListener('online', this.again)
    this.show()
  }

  update(node: Node): boolean {
    if (node.type !== this.node.type) return false
    const isOther = node.attrs.src !== this.node.attrs.src
    this.node = node
    if (isOther) this.show()
    else this.describe()
    return true
  }

  selectNode(): void {
    this.dom.classList.add('chosen')
    this.dom.classList.toggle('editable', this.editor.isEditable)
  }

  deselectNode(): void {
    this.dom.classList.remove('chosen')
  }

  /** The buttons are used, not edited. */
  stopEvent(event: Event): boolean {
    const target = event.target as HTMLElement
    return this.controls.contains(target) || this.handle.element.contains(target)
  }

  ignoreMutation(): boolean {
    return true
  }

  destroy(): void {
    window.removeEventListener('online', this.again)
  }

  private show(): void {
    const path = imagePath(this.node.attrs.src)
    if (path === null) {
      this.dom.replaceChildren(foreignLink(this.node))
      return
    }
    this.image.src = path
    this.frame.replaceChildren(this.image, this.handle.element, this.controls)
    this.dom.replaceChildren(this.frame)
    this.describe()
  }

  private describe(): void {
    const { alt, width, pixelWidth, pixelHeight } = this.node.attrs as Record<string, unknown>
    this.image.alt = typeof alt === 'string' ? alt : ''
    if (isSize(pixelWidth) && isSize(pixelHeight)) {
      const shown = isSize(width) ? width : pixelWidth
      this.image.width = Math.round(shown)
      this.image.height = Math.max(1, Math.round((shown * pixelHeight) / pixelWidth))
    }
    this.showWidth(isSize(width) ? width : isSize(pixelWidth) ? pixelWidth : null)
    const text = this.frame.querySelector('.image-lost-text')
    if (text !== null) text.textContent = this.lostText()
  }

  private showWidth(width: number | null): void {
    if (width === null) this.frame.style.removeProperty('width')
    else this.frame.style.setProperty('width', `${Math.round(width)}px`)
    this.handle.tell(width)
  }

  private broken(is: boolean): void {
    this.frame.classList.toggle('lost', is)
    this.frame.querySelector('.image-lost')?.remove()
    if (is) {
      const text = h('span', { class: 'image-lost-text' }, this.lostText())
      // Seen by those who see; the picture itself has the same words as its name.
      this.frame.append(h('div', { class: 'image-lost', 'aria-hidden': 'true' }, icon(ImageOff), text))
    }
  }

  private lostText(): string {
    return String(this.node.attrs.alt ?? '') || t('image.name')
  }

  private readonly again = (): void => {
    if (this.frame.classList.contains('lost')) this.show()
  }

  private change(attribute: 'width' | 'alt', value: number | string | null): void {
    const pos = this.getPos()
    if (pos === undefined || !this.editor.isEditable || this.node.attrs[attribute] === value) return
    this.editor.view.dispatch(this.editor.state.tr.setNodeAttribute(pos, attribute, value))
  }
}

const isSize = (value: unknown): value is number => typeof value === 'number' && value >= 1 && value <= 100_000

function foreignLink(node: Node): HTMLElement {
  const { src, alt } = node.attrs as { src: unknown; alt: unknown }
  const name = typeof alt === 'string' && alt !== '' ? alt : t('image.foreign')
  const picture = icon(ImageOff)
  if (!isSafeHref(src) || !/^https?:/i.test(src)) return h('span', { class: 'image-foreign' }, picture, name)
  return h(
    'a',
    { class: 'image-foreign', href: src, title: src, target: '_blank', rel: 'noopener noreferrer nofollow' },
    picture,
    h('span', {}, name),
  )
}
