/**
 * The service worker: pages and assets that let a person open, without a network, what this device has seen.
 *
 * Pages are network first and belong to one person: when another appears, or nobody is signed in, they are thrown away.
 * Assets are named by their content and never change. Requests that write, and JSON, are never touched.
 */
const PAGES = 'coscribe-pages'
const ASSETS = 'coscribe-assets'
const NETWORK_WITHIN_MS = 4_000
const MAX_PAGES = 60
/** Twice all files of a build (of 110, most are fonts and grammars), as the pages of the last one may still be open. */
const MAX_ASSETS = 240
const PAGE = /^\/(documents\/[0-9a-f-]{36}\/)?$/
const HOME = '/'
const ASSET = /^\/static\/assets\//
const ASSET_LINKS = /\/static\/assets\/[\w.-]+/g
const PERSON = /<meta name="coscribe-person" content="([^"]*)"/
const PERSON_KEY = '/coscribe-person' // in the cache of pages: whose they are

/** What a page asks of the worker; `refresh` fetches the page even if it is here. */
interface Wish {
  type: 'keep' | 'refresh'
  page: string
}

/** What of `ServiceWorkerGlobalScope` is used; TypeScript cannot have the library of pages and of workers at once. */
interface Worker {
  location: Location
  clients: { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(type: 'install' | 'activate', listener: (event: Lasting) => void): void
  addEventListener(type: 'fetch', listener: (event: Lasting & FetchLike) => void): void
  addEventListener(type: 'message', listener: (event: Lasting & { data: unknown }) => void): void
}
interface Lasting {
  waitUntil(work: Promise<unknown>): void
}
interface FetchLike {
  request: Request
  respondWith(response: Promise<Response>): void
}

const worker = self as unknown as Worker

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()))
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))

worker.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== worker.location.origin) return
  if (request.mode === 'navigate' && PAGE.test(url.pathname) && url.search === '')
    event.respondWith(page(event, url.pathname))
  else if (ASSET.test(url.pathname)) event.respondWith(asset(request))
})

worker.addEventListener('message', (event) => {
  const { type, page: path } = (event.data ?? {}) as Partial<Wish>
  if (typeof path !== 'string' || !PAGE.test(path)) return
  if (type === 'refresh') event.waitUntil(Promise.all([bring(path), bring(HOME)]))
  else if (type === 'keep') event.waitUntil(keep([path, HOME]))
})

/** The page from the network; from this device when there is none, or it is slow, or the server is down. */
async function page(event: Lasting & FetchLike, path: string): Promise<Response> {
  const network = fetch(event.request)
  const stored = network.then((response) => remember(path, response.clone()))
  event.waitUntil(stored.catch(() => {}))
  try {
    const response = await Promise.race([network, late()])
    if (response !== null && response.status < 500) return response
    return (await recall(path)) ?? (await network)
  } catch {
    return (await recall(path)) ?? nothingHere()
  }
}

/** In the words of the worker itself, for it shares no code with the pages. */
function nothingHere(): Response {
  const html = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Offline · Coscribe</title><h1>This page is not on this device</h1>
<p>The server cannot be reached. Try again when you are online. <a href="/">Your documents</a></p>`
  return new Response(html, { status: 503, headers: { 'Content-Type': 'text/html; charset=utf-8' } })
}

/** Kept with the pages of somebody, and only with them: this worker may outlive a sign-out, and serve that page too. */
async function asset(request: Request): Promise<Response> {
  const kept = await caches.match(request, { cacheName: ASSETS, ignoreVary: true })
  if (kept !== undefined) return kept
  const response = await fetch(request)
  if (response.ok && (await caches.has(PAGES))) {
    const cache = await caches.open(ASSETS)
    await cache.put(request, response.clone())
    await trim(cache, MAX_ASSETS)
  }
  return response
}

/** Stores a page for the person it was made for; any sign that this is another person throws the others' away. */
async function remember(path: string, response: Response): Promise<void> {
  // These pages send on only to the sign-in page: nobody is signed in here any more.
  if (response.type === 'opaqueredirect' || response.redirected) return void (await caches.delete(PAGES))
  const cache = await caches.open(PAGES)
  if (response.status === 403 || response.status === 404) await cache.delete(path)
  if (!response.ok || !response.headers.get('Content-Type')?.includes('text/html')) return
  const html = await response.clone().text()
  const person = PERSON.exec(html)?.[1] ?? ''
  if (person === '') return
  const earlier = await (await cache.match(PERSON_KEY))?.text()
  if (earlier !== undefined && earlier !== person) await caches.delete(PAGES)
  const fresh = await caches.open(PAGES)
  await fresh.put(PERSON_KEY, new Response(person))
  await fresh.put(path, response)
  await trim(fresh, MAX_PAGES)
  await keepAssets(html)
}

async function recall(path: string): Promise<Response | undefined> {
  return caches.match(path, { cacheName: PAGES, ignoreVary: true })
}

/** The first pages a person opens came before this worker: fetch those that are not here. */
async function keep(paths: string[]): Promise<void> {
  for (const path of paths) {
    if ((await recall(path)) === undefined) await bring(path)
  }
}

async function bring(path: string): Promise<void> {
  await remember(path, await fetch(path))
}

/** Stores what a page names: what it links to, mostly out of the browser's own cache, and what it may ask for later. */
async function keepAssets(html: string): Promise<void> {
  const cache = await caches.open(ASSETS)
  for (const address of new Set(html.match(ASSET_LINKS))) {
    if ((await cache.match(address)) === undefined) await cache.add(address)
  }
  await trim(cache, MAX_ASSETS)
}

/** Leaves the newest `count` entries; the keys of a cache come in the order they were put. */
async function trim(cache: Cache, count: number): Promise<void> {
  const keys = (await cache.keys()).filter(({ url }) => !url.endsWith(PERSON_KEY))
  await Promise.all(keys.slice(0, Math.max(0, keys.length - count)).map((key) => cache.delete(key)))
}

const late = (): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), NETWORK_WITHIN_MS))
