/**
 * Pictures on their way into the text. Until one is on the server it is a decoration of this page alone: nobody else
 * ever sees a broken one, and nothing is to be undone when it fails.
 *
 * They come from the file dialog (`pickImage`), a drop, a pasted file, or a pasted text that has pictures in it: those
 * of `data:` addresses and of other documents here are taken out of the text before it leaves the page, and uploaded.
 */
import { type Editor, Extension } from '@tiptap/core'
import type { Node } from '@tiptap/pm/model'
import { type EditorState, Plugin, PluginKey, type Transaction } from '@tiptap/pm/state'
import { Decoration, DecorationSet, type EditorView } from '@tiptap/pm/view'
import { ySyncPluginKey } from '@tiptap/y-tiptap'
import { ApiError } from '../../api'
import { h } from '../../dom'
import type { Page } from '../../page'
import { bytes, t } from '../../strings'
import { ownStep } from '../sync'
import { fileFromData, imagePath, originOf } from './address'
import { blockPoint, moved, type Place, placeAt, placeNear } from './place'
import { type Uploaded, upload } from './upload'
import { WaitingBox } from './waiting'

const AT_ONCE = 2
/** How long a picture that is on the server is waited for, so that it takes the place of its preview without a blink. */
const PRELOAD_MS = 3_000
const ACCEPT = 'image/png,image/jpeg,image/gif,image/webp,image/avif'

declare module '@tiptap/core' {
  interface Commands<ReturnType> {
    imageUploads: {
      /** Opens the file dialog; the pictures chosen go where the selection is. */
      pickImage(): ReturnType
      /** Uploads these and puts them at `pos`, by default where the selection is. */
      uploadImages(files: File[], pos?: number): ReturnType
    }
  }
}

/** A picture that is a file already, or can be read from another document here. */
type Source = File | { from: string }

interface Waiting {
  id: number
  place: Place
  box: WaitingBox
}

type Act = { add: Waiting[] } | { remove: number }

const key = new PluginKey<Waiting[]>('imageUploads')

export const ImageUploads = Extension.create<{ page: Page }>({
  name: 'imageUploads',

  addCommands() {
    const { editor } = this
    const uploads = () => runningIn(editor)
    return {
      pickImage:
        () =>
        ({ dispatch }) => {
          if (!editor.isEditable) return false
          if (dispatch) pick((files) => uploads()?.start(files, editor.state.selection.to))
          return true
        },
      uploadImages:
        (files, pos) =>
        ({ dispatch, state }) => {
          if (!editor.isEditable || files.length === 0) return false
          if (dispatch) queueMicrotask(() => uploads()?.start(files, pos ?? state.selection.to))
          return true
        },
    }
  },

  addProseMirrorPlugins() {
    const { editor } = this
    const { page } = this.options
    let uploads: Uploads | null = null
    return [
      new Plugin<Waiting[]>({
        key,
        state: {
          init: () => [],
          apply: (transaction, waiting, _, state) => applied(transaction, waiting, state),
        },
        view: (view) => {
          uploads = new Uploads(editor, view, page)
          running.set(editor, uploads)
          return {
            update: () => queueMicrotask(() => anchorAll(view)),
            destroy: () => uploads?.destroy(),
          }
        },
        appendTransaction: (transactions, _, state) => {
          const local = transactions.filter((each) => each.docChanged && each.getMeta(ySyncPluginKey) === undefined)
          if (local.length === 0 || !editor.isEditable) return null
          return takeOut(transactions, state, page.urls.images, (sources) => uploads?.prepare(sources) ?? [])
        },
        props: {
          decorations: (state) => decorations(state),
          handlePaste: (_, event) => pasted(event, (files) => uploads?.start(files, editor.state.selection.to)),
          handleDOMEvents: {
            dragover: (view, event) => {
              if (!hasFiles(event)) return false
              event.preventDefault() // or the browser would leave the page for the file
              if (event.dataTransfer) event.dataTransfer.dropEffect = view.editable ? 'copy' : 'none'
              return !view.editable
            },
            drop: (view, event) => {
              if (!hasFiles(event) || view.dragging) return false
              event.preventDefault()
              const files = picturesIn(event.dataTransfer)
              const at = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos
              if (view.editable && files.length > 0) uploads?.start(files, at ?? view.state.doc.content.size)
              return true
            },
          },
        },
      }),
    ]
  },
})

const running = new WeakMap<Editor, Uploads>()
const runningIn = (editor: Editor): Uploads | undefined => running.get(editor)

/** The uploads of one editor: at most two at a time, in the order in which they were asked for. */
class Uploads {
  private readonly aborts = new Map<number, AbortController>()
  private readonly leaving = new AbortController()
  private busy = 0
  private readonly queue: (() => void)[] = []

  constructor(
    private readonly editor: Editor,
    private readonly view: EditorView,
    private readonly page: Page,
  ) {
    const { signal } = this.leaving
    // A file that misses the text must not make the browser leave the page.
    window.addEventListener('dragover', refuseFiles, { signal })
    window.addEventListener('drop', refuseFiles, { signal })
  }

  start(files: File[], pos: number): void {
    if (!this.editor.isEditable) return
    const waiting = this.prepare(files).map((each) => ({ ...each, place: placeNear(this.view.state, pos) }))
    this.act({ add: waiting })
  }

  /** Boxes for these, whose places are still to be given; they are sent when this task is over. */
  prepare(sources: Source[]): Waiting[] {
    return sources.map((source) => {
      const id = ++ids
      const box: WaitingBox = new WaitingBox(source instanceof File ? source : null, {
        cancel: () => this.remove(id),
        retry: () => void this.send(id, source, box),
        remove: () => this.remove(id),
      })
      queueMicrotask(() => void this.send(id, source, box))
      return { id, box, place: { pos: 0, anchor: null } }
    })
  }

  destroy(): void {
    this.leaving.abort()
    for (const abort of this.aborts.values()) abort.abort()
    for (const { box } of key.getState(this.view.state) ?? []) box.destroy()
  }

  private async send(id: number, source: Source, box: WaitingBox): Promise<void> {
    const abort = new AbortController()
    this.aborts.set(id, abort)
    box.running(0)
    try {
      await this.turn()
      try {
        const file = source instanceof File ? source : await fetched(source.from, abort.signal)
        this.check(file)
        const progress = (share: number) => box.running(share)
        const done = await upload(this.page.urls.images, file, { signal: abort.signal, progress })
        await preloaded(done.src)
        if (!abort.signal.aborted) this.insert(id, done)
      } finally {
        this.free()
      }
    } catch (error) {
      if (abort.signal.aborted) return
      const status = error instanceof ApiError ? error.status : null
      const why = error instanceof ApiError ? error.detail : t('image.failed')
      // Of what the server will say again, trying again is no use.
      box.failed(why, { retry: status === null || status === 0 || status === 409 || status >= 500 })
    } finally {
      if (this.aborts.get(id) === abort) this.aborts.delete(id)
    }
  }

  private check(file: Blob): void {
    const limit = this.page.imageMaxBytes
    if (limit && file.size > limit) {
      const detail = t('image.tooLarge', { limit: bytes(limit), size: bytes(file.size) })
      throw new ApiError(413, detail, 'file')
    }
    if (!navigator.onLine) throw new ApiError(0, t('image.offline'), null)
  }

  private insert(id: number, { src, width, height }: Uploaded): void {
    const { state } = this.view
    const found = key.getState(state)?.find((each) => each.id === id)
    const type = state.schema.nodes.image
    if (found === undefined || type === undefined) return
    if (!this.editor.isEditable) throw new ApiError(403, t('image.readonly'), null)
    const pos = blockPoint(state.doc, found.place.pos)
    const image = type.create({ src, pixelWidth: width, pixelHeight: height })
    ownStep(state) // it comes when it is there, so it goes alone
    this.view.dispatch(state.tr.insert(pos, image).setMeta(key, { remove: id } satisfies Act))
    ownStep(state)
    found.box.destroy()
    say(t('image.added'))
  }

  private remove(id: number): void {
    this.aborts.get(id)?.abort()
    const found = key.getState(this.view.state)?.find((each) => each.id === id)
    this.act({ remove: id })
    found?.box.destroy()
    this.view.focus()
  }

  private act(act: Act): void {
    this.view.dispatch(this.view.state.tr.setMeta(key, act))
  }

  private async turn(): Promise<void> {
    if (this.busy >= AT_ONCE) await new Promise<void>((resolve) => this.queue.push(resolve))
    this.busy += 1
  }

  private free(): void {
    this.busy -= 1
    this.queue.shift()?.()
  }
}

let ids = 0

function applied(transaction: Transaction, before: Waiting[], state: EditorState): Waiting[] {
  const act = transaction.getMeta(key) as Act | undefined
  if (act === undefined && (!transaction.docChanged || before.length === 0)) return before
  const waiting = before.map((each) => ({ ...each, place: moved(each.place, transaction, state) }))
  if (act === undefined) return waiting
  return 'add' in act ? [...waiting, ...act.add] : waiting.filter(({ id }) => id !== act.remove)
}

/** Ties places to the shared document as soon as what they stand beside is in it. */
function anchorAll(view: EditorView): void {
  if (view.isDestroyed) return
  for (const { place } of key.getState(view.state) ?? []) {
    place.anchor ??= placeAt(view.state, place.pos).anchor
  }
}

function decorations(state: EditorState): DecorationSet {
  const waiting = key.getState(state) ?? []
  if (waiting.length === 0) return DecorationSet.empty
  return DecorationSet.create(
    state.doc,
    waiting.map(({ id, place, box }) =>
      Decoration.widget(place.pos, box.dom, {
        key: `image-${id}`,
        side: -1,
        stopEvent: () => true,
        ignoreSelection: true,
      }),
    ),
  )
}

/** Takes pictures that must be uploaded first out of what was just put into the text, and leaves boxes there. */
function takeOut(
  transactions: readonly Transaction[],
  state: EditorState,
  images: string,
  prepare: (sources: Source[]) => Waiting[],
): Transaction | null {
  const found: { pos: number; node: Node; source: Source }[] = []
  const seen = new Set<number>()
  for (const { from, to } of changed(transactions, state.doc.content.size)) {
    state.doc.nodesBetween(from, to, (node, pos) => {
      if (node.type.name !== 'image' || seen.has(pos)) return
      seen.add(pos)
      const source = sourceOf(node.attrs.src, images)
      if (source !== null) found.push({ pos, node, source })
    })
  }
  if (found.length === 0) return null
  const tr = state.tr
  const places: number[] = []
  for (const { pos, node } of found) {
    const at = tr.mapping.map(pos)
    const parent = tr.doc.resolve(at).parent
    const alone = parent.childCount === 1 && parent.type.name !== 'doc'
    const paragraph = state.schema.nodes.paragraph
    if (alone && paragraph) tr.replaceWith(at, at + node.nodeSize, paragraph.create())
    else tr.delete(at, at + node.nodeSize)
    places.push(at)
  }
  // Not anchored yet: the text around them is not in the shared document before this update is over.
  const waiting = prepare(found.map(({ source }) => source)).map((each, index) => ({
    ...each,
    place: { pos: places[index] ?? 0, anchor: null },
  }))
  return tr.setMeta(key, { add: waiting } satisfies Act)
}

function sourceOf(src: unknown, images: string): Source | null {
  const origin = originOf(src, images)
  if (origin === 'elsewhere') return { from: imagePath(src) ?? '' }
  if (origin !== 'data') return null
  try {
    return fileFromData(String(src))
  } catch {
    return new File([], 'pasted')
  }
}

/** Where these transactions changed something, in the document as it is after all of them. */
function changed(transactions: readonly Transaction[], size: number): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = []
  transactions.forEach((transaction, n) => {
    transaction.mapping.maps.forEach((map, m) => {
      map.forEach((_from, _to, newFrom, newTo) => {
        let [from, to] = [newFrom, newTo]
        for (const later of transaction.mapping.maps.slice(m + 1)) [from, to] = [later.map(from, -1), later.map(to, 1)]
        for (const later of transactions.slice(n + 1)) {
          ;[from, to] = [later.mapping.map(from, -1), later.mapping.map(to, 1)]
        }
        ranges.push({ from: Math.max(0, from), to: Math.min(size, to) })
      })
    })
  })
  return ranges
}

/** A copied picture comes as a file; a copied text may come with a picture of itself, and then the text is meant. */
function pasted(event: ClipboardEvent, start: (files: File[]) => void): boolean {
  const files = picturesIn(event.clipboardData)
  if (files.length === 0) return false
  const html = event.clipboardData?.getData('text/html') ?? ''
  if (html !== '') {
    const parsed = new DOMParser().parseFromString(html, 'text/html').body // makes no requests and runs nothing
    const only = parsed.querySelectorAll('img').length <= 1 && (parsed.textContent ?? '').trim() === ''
    if (!only || imagePath(parsed.querySelector('img')?.getAttribute('src')) !== null) return false
  }
  start(files)
  return true
}

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false

const picturesIn = (data: DataTransfer | null): File[] =>
  [...(data?.files ?? [])].filter((file) => file.type.startsWith('image/'))

function refuseFiles(event: DragEvent): void {
  if (!hasFiles(event) || event.defaultPrevented) return
  event.preventDefault()
  if (event.dataTransfer) event.dataTransfer.dropEffect = 'none'
}

function pick(chosen: (files: File[]) => void): void {
  const input = h('input', {
    type: 'file',
    accept: ACCEPT,
    multiple: true,
    hidden: true,
    'aria-label': t('image.pick'),
  })
  input.addEventListener('change', () => {
    chosen([...(input.files ?? [])])
    input.remove()
  })
  input.addEventListener('cancel', () => input.remove())
  document.body.append(input) // Safari forgets one that is nowhere
  input.click()
}

/** The file of a picture in another document here, which this person may read. */
async function fetched(path: string, signal: AbortSignal): Promise<Blob> {
  try {
    const response = await fetch(path, { credentials: 'same-origin', redirect: 'error', signal })
    if (response.ok) return await response.blob()
    throw new ApiError(response.status, t('image.notFetched'), null)
  } catch (error) {
    if (error instanceof ApiError || signal.aborted) throw error
    throw new ApiError(0, t('image.offline'), null)
  }
}

function preloaded(src: string): Promise<unknown> {
  const image = new Image()
  image.src = src
  return Promise.race([image.decode().catch(() => {}), new Promise((resolve) => setTimeout(resolve, PRELOAD_MS))])
}

function say(text: string): void {
  const live = document.getElementById('live')
  if (live !== null) live.textContent = text
}
