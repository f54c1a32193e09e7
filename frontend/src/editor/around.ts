/** What stands around the text and is not needed to read or type: people, outline, footer, the document's menu. */
import { mountDocumentMenu } from '../header/menu'
import { mountPeople } from '../people'
import type { Feature } from './features'
import { mountFooter } from './footer'
import { mountOutline } from './outline'

export const mountAround: Feature = (desk) => {
  const leave = [mountPeople, mountOutline, mountFooter, mountDocumentMenu].map((feature) => feature(desk))
  return () => {
    for (const each of leave.reverse()) each()
  }
}
