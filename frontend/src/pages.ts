/** Sign-in, sign-up, error and account pages: their styles, and what they do beyond forms. */
import './styles/pages.css'
import { guardSignOut } from './account'
import { mountBell } from './inbox/bell'
import { mountPerson, showTheme } from './person'
import { ago, exactly } from './times'
import { mountTokens } from './tokens'

/** The account page: what a colour and a name look like to others, and how a theme looks, before they are saved. */
function previewChoices(): void {
  const profile = document.querySelector<HTMLFormElement>('#profile')
  const preview = document.getElementById('preview')
  profile?.addEventListener('input', () => {
    const chosen = new FormData(profile)
    preview?.style.setProperty('--c', String(chosen.get('color')))
    const label = preview?.querySelector('b')
    if (label) label.textContent = String(chosen.get('name') ?? '')
  })
  const preferences = document.querySelector<HTMLFormElement>('#preferences')
  preferences?.addEventListener('input', () => showTheme(String(new FormData(preferences).get('theme'))))
}

function showTimes(): void {
  for (const time of document.querySelectorAll('time')) {
    const moment = new Date(time.dateTime)
    if (Number.isNaN(moment.getTime())) continue
    time.title = exactly(moment)
    time.textContent = ago(moment, new Date())
  }
}

const whoIsHere = (): string => document.querySelector<HTMLMetaElement>('meta[name=coscribe-person]')?.content ?? ''

guardSignOut()
mountPerson()
mountBell()
previewChoices()
showTimes()
mountTokens()
if (document.getElementById('groups'))
  void import('./groups/groups').then(({ mountGroups }) => mountGroups(whoIsHere()))
