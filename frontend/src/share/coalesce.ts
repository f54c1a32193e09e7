/** One run at a time of something that reads the present: whoever asks meanwhile waits for one more run. */

export function coalesce(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  let waiting: Promise<void> | null = null
  const begin = (): Promise<void> => {
    running = run().finally(() => {
      running = null
    })
    return running
  }
  return () => {
    if (running === null) return begin()
    waiting ??= running.then(noop, noop).then(() => {
      waiting = null
      return begin()
    })
    return waiting
  }
}

const noop = (): void => {}
