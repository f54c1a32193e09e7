/** What one does to a line: star, rename, copy, trash, and back. Shown at once, taken back when the server refuses. */
import { ApiError } from '../api'
import { mayWrite, type Role } from '../collab/wire'
import { copyText, h } from '../dom'
import { t } from '../strings'
import { type Desk, documentRequests as requests } from './desk'
import { idOf, isStarred, showStar, showTitle, titleOf } from './line'
import { renameIn } from './rename'
import type { Toast } from './toast'
import { say } from './words'

export class Acts {
  constructor(
    private readonly desk: Desk,
    private readonly toast: Toast,
  ) {}

  readonly mayRename = (line: HTMLElement): boolean => mayWrite(line.dataset.role as Role) && !this.isTrash
  readonly mayTrash = (line: HTMLElement): boolean => line.dataset.role === 'owner' && !this.isTrash

  get isTrash(): boolean {
    return this.desk.shelf === 'trash'
  }

  open(line: HTMLElement): void {
    line.querySelector<HTMLElement>('a.name')?.click()
  }

  async star(line: HTMLElement): Promise<void> {
    if (this.isTrash) return
    const starred = !isStarred(line)
    showStar(line, starred)
    await this.attempt(
      () => requests.star(idOf(line), starred),
      () => showStar(line, !starred),
    )
  }

  rename(line: HTMLElement): void {
    if (!this.mayRename(line)) return
    renameIn(line, async (title) => {
      const answer = await requests.rename(idOf(line), title)
      showTitle(line, answer.title)
    })
  }

  async duplicate(line: HTMLElement): Promise<void> {
    const copy = await this.attempt(() => requests.copy(idOf(line)))
    if (!copy) return
    this.toast.show(say('home.duplicated', { title: copy.title || t('untitled') }))
    await this.desk.bring(copy.id)
    this.desk.line(copy.id)?.querySelector<HTMLElement>('.name')?.focus()
  }

  async copyLink(line: HTMLElement): Promise<void> {
    const url = new URL(`/documents/${idOf(line)}/`, location.href).href
    this.toast.show((await copyText(url)) ? t('share.linkCopied') : url)
  }

  async trash(line: HTMLElement): Promise<void> {
    if (!this.mayTrash(line)) return
    const done = await this.attempt(async () => {
      await requests.trash(idOf(line))
      return true
    })
    if (!done) return
    this.desk.remove(line)
    this.toast.show(say('home.trashed', { title: titleOf(line) }), () => void this.restore(line))
  }

  /** Out of the trash; the line comes back where one is. */
  async restore(line: HTMLElement): Promise<void> {
    const done = await this.attempt(async () => {
      await requests.restore(idOf(line))
      return true
    })
    if (!done) return
    if (this.isTrash) {
      this.desk.remove(line)
      this.toast.show(say('home.restored', { title: titleOf(line) }))
      return
    }
    await this.desk.bring(idOf(line), { focused: true })
  }

  async deleteForGood(line: HTMLElement): Promise<void> {
    if (!this.isTrash || !(await confirmed(titleOf(line)))) return
    const done = await this.attempt(async () => {
      await requests.deleteForGood(idOf(line))
      return true
    })
    if (!done) return
    this.desk.remove(line)
    this.toast.show(say('home.deleted', { title: titleOf(line) }))
  }

  private async attempt<T>(act: () => Promise<T>, refused: () => void = () => {}): Promise<T | undefined> {
    try {
      return await act()
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      refused()
      this.toast.show(problem.detail, null, 'bad')
      return undefined
    }
  }
}

function confirmed(title: string): Promise<boolean> {
  const dialog = h(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'delete-title', 'aria-describedby': 'delete-words' },
    h('h2', { id: 'delete-title', dir: 'auto' }, say('home.delete.title', { title })),
    h('p', { id: 'delete-words' }, say('home.delete.words')),
    h(
      'form',
      { method: 'dialog', class: 'notice-actions' },
      h('button', { class: 'button', value: '', autofocus: true }, t('cancel')),
      h('button', { class: 'button danger', value: 'yes' }, say('home.deleteForGood')),
    ),
  )
  const before = document.activeElement
  document.body.append(dialog)
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      if (before instanceof HTMLElement) before.focus()
      resolve(dialog.returnValue === 'yes')
    })
  })
}
