/** Which addresses are pictures of this site: `/documents/<uuid>/images/<uuid>/`, and nothing else is ever loaded. */

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const PATH = new RegExp(`^/documents/${UUID}/images/${UUID}/$`)

/** The path of a picture of this site, of an address as a clipboard may have it; null for everything else. */
export function imagePath(src: unknown, origin = location.origin): string | null {
  if (typeof src !== 'string') return null
  const path = src.startsWith(`${origin}/`) ? src.slice(origin.length) : src
  return PATH.test(path) ? path : null
}

/** What becomes of a picture that is pasted: it stays, its data are uploaded, or it can only be linked. */
export type Origin = 'here' | 'elsewhere' | 'data' | 'foreign'

/** `images` is the path under which this document's pictures are. */
export function originOf(src: unknown, images: string, origin = location.origin): Origin {
  const path = imagePath(src, origin)
  if (path !== null) return path.startsWith(images) ? 'here' : 'elsewhere'
  return typeof src === 'string' && /^data:image\/[a-z+.-]+[;,]/i.test(src) ? 'data' : 'foreign'
}

/** The bytes of a `data:` address. Never fetched: the CSP allows no connection there. Raises for what is none. */
export function fileFromData(src: string): File {
  const comma = src.indexOf(',')
  const [type = '', ...parameters] = src.slice('data:'.length, comma).split(';')
  const text = decodeURIComponent(src.slice(comma + 1))
  const raw = parameters.includes('base64') ? atob(text.replace(/\s/g, '')) : text
  const bytes = Uint8Array.from(raw, (letter) => letter.charCodeAt(0))
  return new File([bytes], 'pasted', { type })
}
