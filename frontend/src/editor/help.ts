/** Opens the help sheet: "?" where one does not type, Ctrl+/ everywhere. The sheet itself is loaded when asked for. */
import { whenAskedFor } from './parts'

export function showHelp(): void {
  whenAskedFor(import('./help-sheet'), ({ openSheet }) => openSheet())
}

export function mountHelpKeys(): () => void {
  const onKey = (event: KeyboardEvent) => {
    const anywhere = event.key === '/' && (event.ctrlKey || event.metaKey) && !event.altKey
    const here = event.key === '?' && !event.ctrlKey && !event.metaKey && !isTyping(event.target)
    if (event.defaultPrevented || !(anywhere || here) || document.querySelector('dialog:modal')) return
    event.preventDefault()
    showHelp()
  }
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
