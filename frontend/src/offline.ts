/** The page's side of the service worker: registers it, and tells it what this page needs to open without a network. */

const PAGES = 'coscribe-pages' // as in sw.ts

export function registerWorker(): void {
  const container = navigator.serviceWorker
  if (container === undefined) return // plain http from another machine
  const register = async () => {
    await container.register('/sw.js', { scope: '/' })
    const { active } = await container.ready
    active?.postMessage({ type: 'keep', page: location.pathname })
  }
  register().catch((error: unknown) => console.warn('coscribe: pages are not kept for offline use', error))
}

/** What the server prints into this page has changed: the copy for offline use is fetched again. */
export function refreshPage(): void {
  navigator.serviceWorker?.controller?.postMessage({ type: 'refresh', page: location.pathname })
}

/** This page must not open offline any more. */
export async function dropPage(path: string): Promise<void> {
  const cache = await globalThis.caches?.open(PAGES)
  await cache?.delete(path)
}
