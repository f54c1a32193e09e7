/**
 * Going to where somebody is, and staying with them until one types, scrolls or presses Escape.
 *
 * A place is a relative position of Yjs; where the text around it is gone there is nothing to go to.
 */
import type { Editor } from '@tiptap/core'
import { relativePositionToAbsolutePosition, ySyncPluginKey } from '@tiptap/y-tiptap'
import * as Y from 'yjs'
import { calledOf } from '../collab/called'
import { h } from '../dom'
import { reveal } from '../editor/reveal'
import { t } from '../strings'
import type { Company, Member } from './company'

/** What ends following; keys are looked at one by one. */
const OWN_MOVES = ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const
const SILENT_KEYS = ['Tab', 'Shift', 'Control', 'Alt', 'Meta']
/** A second press on a face within this time, or as long as nothing was done in between, follows. */
const SECOND_PRESS_MS = 10_000

/** The position in the editor's document where this member's caret is; null: nowhere. */
export function placeOf(editor: Editor, member: Member): number | null {
  const state = ySyncPluginKey.getState(editor.state)
  if (member.cursor === null || !state?.binding) return null
  try {
    const head = Y.createRelativePositionFromJSON(member.cursor.head)
    const at = relativePositionToAbsolutePosition(state.doc, state.type, head, state.binding.mapping)
    return at === null ? null : Math.min(at, editor.state.doc.content.size)
  } catch {
    return null // what others send need not be a position
  }
}

export class Following {
  private id: string | null = null
  private last: { id: string; time: number } | null = null
  private shownAt: number | null = null
  private frame: HTMLElement | null = null
  private pending = 0
  private readonly stopListening: () => void

  constructor(
    private readonly editor: Editor,
    private readonly company: Company,
    private readonly live: HTMLElement,
    private readonly onFollow: (id: string | null) => void,
  ) {
    this.stopListening = company.onChange(() => this.move())
    editor.on('transaction', this.move)
    for (const move of OWN_MOVES) window.addEventListener(move, this.onOwnMove, { capture: true, passive: true })
  }

  /** A face was pressed: go there; pressed again, follow; pressed once more, stop. */
  choose(id: string): void {
    const member = this.company.find(id)
    if (member === undefined) return
    if (this.id === id) return this.stop()
    const again = this.last?.id === id && performance.now() - this.last.time < SECOND_PRESS_MS
    this.last = { id, time: performance.now() }
    if (again) return this.follow(member)
    this.stop()
    const place = placeOf(this.editor, member)
    if (place === null) this.live.textContent = t('people.nowhere', { name: calledOf(member) })
    else reveal(this.editor.view, place)
  }

  destroy(): void {
    this.stop()
    this.stopListening()
    this.editor.off('transaction', this.move)
    for (const move of OWN_MOVES) window.removeEventListener(move, this.onOwnMove, { capture: true })
  }

  private follow(member: Member): void {
    this.stop()
    this.id = member.id
    this.shownAt = null
    const end = h('button', { type: 'button', class: 'follow-stop', onclick: () => this.stop() }, t('people.stop'))
    const words = h('span', {}, t('people.following', { name: calledOf(member) }))
    this.frame = h('div', { class: 'follow', 'data-testid': 'follow' }, h('div', { class: 'follow-pill' }, words, end))
    this.frame.style.setProperty('--c', member.color)
    document.body.append(this.frame)
    this.live.textContent = t('people.following', { name: calledOf(member) })
    this.onFollow(member.id)
    this.move()
  }

  private stop({ quiet = false } = {}): void {
    if (this.id === null) return
    const hadFocus = this.frame?.contains(document.activeElement)
    this.id = null
    this.last = null
    this.frame?.remove()
    this.frame = null
    if (!quiet) this.live.textContent = t('people.followed')
    this.onFollow(null)
    if (hadFocus) this.editor.view.focus()
  }

  /** Once a frame: to where the followed person is now. */
  private readonly move = (): void => {
    if (this.id === null || this.pending !== 0) return
    this.pending = requestAnimationFrame(() => {
      this.pending = 0
      if (this.id === null || this.editor.isDestroyed) return
      const member = this.company.find(this.id)
      if (member === undefined) return this.stop({ quiet: true }) // that they left is said by announce.ts
      const place = placeOf(this.editor, member)
      if (place === null || place === this.shownAt) return
      this.shownAt = place
      reveal(this.editor.view, place)
    })
  }

  private readonly onOwnMove = (event: Event): void => {
    if (event instanceof KeyboardEvent && SILENT_KEYS.includes(event.key)) return
    const isEscape = event instanceof KeyboardEvent && event.key === 'Escape'
    const isHere = event.target instanceof Element && event.target.closest('.faces, .follow') !== null
    if (isHere && !isEscape) return
    this.last = null
    this.stop()
  }
}
