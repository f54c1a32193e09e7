/** Keyboard shortcuts as they are written for people: "Mod-Shift-8" of a keymap is Ctrl+Shift+8, on a Mac ⇧⌘8. */
export const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

export function keysFor(shortcut: string): string {
  if (!isMac) return shortcut.replace('Mod', 'Ctrl').replaceAll('-', '+')
  return shortcut.replace('Mod', '⌘').replace('Alt', '⌥').replace('Shift', '⇧').replaceAll('-', '')
}
