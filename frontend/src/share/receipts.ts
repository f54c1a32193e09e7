/** What a change of access did, in words: the server counts (docs/wire.md, rule 8), and may tell before it answers. */
import type { Receipt } from '../collab/wire'
import { say } from './words'

const KEPT = 20

/** The last receipts, by the change that they are of. */
export class Receipts {
  private readonly known = new Map<string, Receipt>()

  /** Whether this is the first word of its change. */
  note(receipt: Receipt): boolean {
    const isNew = !this.known.has(receipt.change)
    this.known.set(receipt.change, receipt)
    const oldest = this.known.keys().next()
    if (this.known.size > KEPT && !oldest.done) this.known.delete(oldest.value)
    return isNew
  }

  of(change: string | null): Receipt | undefined {
    return change === null ? undefined : this.known.get(change)
  }
}

/** The sentence of what was done with the numbers of its effect, as far as they are known. */
export function withEffect(done: string, receipt: Receipt | undefined, saysNobody: boolean): string {
  const effect = receipt === undefined ? '' : effectOf(receipt, saysNobody)
  return effect === '' ? done : say('share.effect.end', { done, effect })
}

function effectOf({ sessions, ms, refused }: Receipt, saysNobody: boolean): string {
  if (sessions === 0) return saysNobody ? say('share.effect.none') : ''
  const effect = say('share.effect', { n: sessions, ms })
  return refused === 0 ? effect : say('share.effect.refused', { effect, n: refused })
}
