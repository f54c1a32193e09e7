/** How a person looks in a small circle: two letters on a colour. */

const COLOR = /^#[0-9a-f]{6}$/i

/** A colour that may go into CSS: what others send is not trusted to be one. */
export function safeColor(color: unknown): string {
  return typeof color === 'string' && COLOR.test(color) ? color : '#6b6760'
}

/** At most two letters for a face. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean)
  const first = [...(words[0] ?? '?')]
  const last = words.length > 1 ? [...(words.at(-1) ?? '')] : []
  const letters = last[0] === undefined ? first.slice(0, 2).join('') : `${first[0]}${last[0]}`
  return letters.toLocaleUpperCase()
}
