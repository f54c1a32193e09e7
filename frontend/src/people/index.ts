/** The people feature: faces with cards, going to and following them, announcements. */
import type { Feature } from '../editor/features'
import { headingAt } from '../editor/headings'
import { mountFaces } from '../header/faces'
import { part } from '../page'
import { t } from '../strings'
import { announceCompany } from './announce'
import { Company, type Member } from './company'
import { Following, placeOf } from './follow'

export const mountPeople: Feature = ({ editor, page, provider }) => {
  const company = new Company(provider.awareness, page.person.id)
  const live = part('live')
  const describe = (member: Member): string => {
    if (member.doing === 'idle' || member.doing === 'viewing') return t(`people.${member.doing}.now`)
    const place = placeOf(editor, member)
    const title = place === null ? null : headingAt(editor.state.doc, place)
    if (title === null) return t(`people.${member.doing}.now`)
    return t(`people.${member.doing}.in`, { title })
  }
  const following: Following = new Following(editor, company, live, (id) => faces.follow(id))
  const faces = mountFaces(part('faces'), { company, describe, choose: (id) => following.choose(id) })
  const stopAnnouncing = announceCompany(company, live)
  return () => {
    following.destroy()
    faces.destroy()
    stopAnnouncing()
    company.end()
  }
}
