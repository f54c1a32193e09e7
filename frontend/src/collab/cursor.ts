/** Carets as others send them: any JSON may come, and Yjs throws at what is no relative position. */

/** Whether this is an anchor and a head that Yjs can look up, in the root type `root` or in what it holds. */
export function isCursor(cursor: unknown, root: string): boolean {
  if (!isObject(cursor)) return false
  return isPosition(cursor.anchor, root) && isPosition(cursor.head, root)
}

function isPosition(position: unknown, root: string): boolean {
  if (!isObject(position)) return false
  const { type = null, tname = null, item = null } = position
  const known = [type, tname, item].some((value) => value !== null)
  return known && isId(type) && isId(item) && (tname === null || tname === root)
}

function isId(id: unknown): boolean {
  return id === null || (isObject(id) && isCount(id.client) && isCount(id.clock))
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
