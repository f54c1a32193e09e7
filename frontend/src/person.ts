/** The person's own menu in the header: account, theme, signing out. The template is `parts/person.html`. */
import { mountMenu } from './menu'

/** What `data-theme` of the page may be, as `Theme` of the server. */
const PAPER: Record<string, [day: string, night: string]> = {
  system: ['#f6f4ef', '#141311'],
  light: ['#f6f4ef', '#f6f4ef'],
  dark: ['#141311', '#141311'],
  contrast: ['#ffffff', '#000000'],
}

/** Makes the face a menu, where the page has one; and a chosen theme seen at once. */
export function mountPerson(): void {
  const button = document.querySelector<HTMLButtonElement>('#person-open')
  const menu = document.getElementById('person')
  if (button === null || menu === null) return
  mountMenu(button, menu)
  for (const choice of menu.querySelectorAll<HTMLButtonElement>('[name=theme]')) {
    choice.addEventListener('click', (event) => {
      event.preventDefault()
      void chooseTheme(choice.value, choice.form)
    })
  }
}

/** Shows a theme now, and tells the server which it is from now on; offline the server hears of it the usual way. */
async function chooseTheme(theme: string, form: HTMLFormElement | null): Promise<void> {
  showTheme(theme)
  if (form === null) return
  const body = new FormData(form)
  body.set('theme', theme)
  body.delete('next')
  await fetch(form.action, { method: 'POST', body, redirect: 'manual' }).catch(() => {})
}

export function showTheme(theme: string): void {
  const papers = PAPER[theme]
  if (papers === undefined) return
  document.documentElement.dataset.theme = theme
  for (const choice of document.querySelectorAll<HTMLButtonElement>('[role=menuitemradio][name=theme]'))
    choice.setAttribute('aria-checked', String(choice.value === theme))
  const radio = document.querySelector<HTMLInputElement>(`input[name=theme][value=${theme}]`) // on the account page
  if (radio) radio.checked = true
  const [day, night] = papers
  for (const meta of document.querySelectorAll('meta[name=theme-color]')) meta.remove()
  for (const [color, when] of [
    [day, 'light'],
    [night, 'dark'],
  ] as const) {
    const meta = document.createElement('meta')
    Object.assign(meta, { name: 'theme-color', content: color, media: `(prefers-color-scheme: ${when})` })
    document.head.append(meta)
  }
}
