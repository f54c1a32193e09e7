/** How somebody is called where others see it: a guest never looks like somebody with an account. */
import { t } from '../strings'
import type { Person } from './wire'

export const calledOf = ({ name, guest }: Pick<Person, 'name' | 'guest'>): string =>
  guest ? t('people.guest', { name }) : name
