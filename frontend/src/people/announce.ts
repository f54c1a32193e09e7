/** Comings and goings for those who do not see the faces: politely, several in one sentence. */
import { calledOf } from '../collab/called'
import { t } from '../strings'
import type { Company } from './company'

/** Somebody who comes back within this time (a reload, a short loss) has not left. */
const ANNOUNCE_AFTER_MS = 2_000

/** Writes into the live region `live`; the answer ends it. */
export function announceCompany(company: Company, live: HTMLElement): () => void {
  let announced = new Map<string, string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const announce = () => {
    timer = undefined
    const present = new Map(company.members.map((member) => [member.id, calledOf(member)]))
    const joined = [...present].filter(([id]) => !announced.has(id)).map(([, name]) => name)
    const left = [...announced].filter(([id]) => !present.has(id)).map(([, name]) => name)
    announced = present
    const said = [sentence('people.joined', joined), sentence('people.left', left)].filter(Boolean)
    if (said.length > 0) live.textContent = said.join('. ')
  }
  const note = () => {
    timer ??= setTimeout(announce, ANNOUNCE_AFTER_MS)
  }
  const stop = company.onChange(note)
  note()
  return () => {
    clearTimeout(timer)
    stop()
  }
}

function sentence(key: 'people.joined' | 'people.left', names: string[]): string {
  if (names.length === 0) return ''
  const list = new Intl.ListFormat(document.documentElement.lang || 'en', { type: 'conjunction' })
  return t(key, { name: list.format(names) })
}
