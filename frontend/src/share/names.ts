/** The names in what somebody typed or pasted: a list with commas, semicolons or lines, as mail programs copy it. */

/** "Bo Lind <bo@example.org>": the address counts. */
const CALLED = /<([^<>\s]+@[^<>\s]+)>$/

export function namesIn(text: string): string[] {
  const unquoted = text.replace(/"[^"\n]*"\s*(?=<)/g, '') // a name in front of an address may have a comma in it
  const found = new Map<string, string>()
  for (const part of unquoted.split(/[\n\r\t,;]+/)) {
    for (const name of namesOf(part.trim())) {
      const key = name.toLocaleLowerCase()
      if (!found.has(key)) found.set(key, name)
    }
  }
  return [...found.values()]
}

/** Addresses may stand side by side; the name of a group may be several words. */
function namesOf(part: string): string[] {
  if (part === '') return []
  const called = CALLED.exec(part)
  if (called?.[1] !== undefined) return [called[1]]
  const words = part.split(/\s+/)
  return words.every((word) => word.includes('@')) ? words : [part]
}
