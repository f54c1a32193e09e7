/** The box that stands in for a picture on its way: what it will be, how far it is, and what went wrong. */
import { h } from '../../dom'
import { t } from '../../strings'

const RADIUS = 15
const ROUND = 2 * Math.PI * RADIUS

export interface Acts {
  cancel(): void
  retry(): void
  remove(): void
}

export class WaitingBox {
  readonly dom: HTMLElement
  private readonly ring: SVGCircleElement
  private readonly meter: HTMLElement
  private readonly foot = h('div', { class: 'waiting-foot' })
  private readonly preview: string | null
  private percent = -1

  constructor(
    file: Blob | null,
    private readonly acts: Acts,
  ) {
    this.ring = ringCircle('waiting-done')
    this.ring.style.setProperty('stroke-dasharray', `0 ${ROUND}`)
    this.meter = h(
      'div',
      {
        class: 'waiting-ring',
        role: 'progressbar',
        'aria-label': t('image.uploading.label'),
        'aria-valuemin': '0',
        'aria-valuemax': '100',
      },
      ringPicture(ringCircle('waiting-all'), this.ring),
    )
    this.preview =
      file !== null && /^image\/(png|jpeg|gif|webp|avif)$/.test(file.type) ? URL.createObjectURL(file) : null
    const stage = h('div', { class: 'waiting-stage' }, this.meter)
    if (this.preview !== null) {
      const image = h('img', { src: this.preview, alt: '', draggable: 'false' })
      image.addEventListener('error', () => image.remove()) // not what its name said: the server will say so
      stage.prepend(image)
    }
    this.dom = h(
      'div',
      { class: 'waiting', contenteditable: 'false', 'data-testid': 'image-waiting', role: 'group' },
      stage,
      this.foot,
    )
    this.dom.setAttribute('aria-label', t('image.name'))
    this.running(0)
  }

  /** `share` of it has been sent, from 0 to 1; then the server works on it. */
  running(share: number): void {
    const percent = Math.round(share * 100)
    if (percent === this.percent) return
    const fresh = this.percent < 0
    this.percent = percent
    this.dom.dataset.state = 'running'
    this.meter.hidden = false
    this.meter.setAttribute('aria-valuenow', String(percent))
    this.meter.classList.toggle('spins', percent === 100)
    this.ring.style.setProperty('stroke-dasharray', `${Math.max(0.02, share) * ROUND} ${ROUND}`)
    const words = percent === 100 ? t('image.preparing') : t('image.uploading', { percent })
    const line = this.foot.querySelector('.waiting-line')
    if (fresh || line === null) {
      this.foot.replaceChildren(
        h('span', { class: 'waiting-line' }, words),
        button(t('image.cancel'), this.acts.cancel),
      )
    } else line.textContent = words
  }

  /** It did not come to anything: `why` is a sentence. Without `retry` there is no use in trying again. */
  failed(why: string, { retry }: { retry: boolean }): void {
    this.percent = -1
    this.dom.dataset.state = 'failed'
    this.meter.hidden = true
    const line = h('span', { class: 'waiting-line', role: 'alert' }, why)
    this.foot.replaceChildren(line)
    if (retry) this.foot.append(button(t('image.retry'), this.acts.retry))
    this.foot.append(button(t('image.remove'), this.acts.remove))
  }

  destroy(): void {
    if (this.preview !== null) URL.revokeObjectURL(this.preview)
  }
}

function button(name: string, run: () => void): HTMLButtonElement {
  return h('button', { type: 'button', class: 'button', onclick: run }, name)
}

const SVG = 'http://www.w3.org/2000/svg'

function ringPicture(...circles: SVGCircleElement[]): SVGSVGElement {
  const picture = document.createElementNS(SVG, 'svg')
  picture.setAttribute('viewBox', '0 0 36 36')
  picture.setAttribute('aria-hidden', 'true')
  picture.append(...circles)
  return picture
}

function ringCircle(name: string): SVGCircleElement {
  const circle = document.createElementNS(SVG, 'circle')
  circle.setAttribute('class', name)
  circle.setAttribute('cx', '18')
  circle.setAttribute('cy', '18')
  circle.setAttribute('r', String(RADIUS))
  return circle
}
