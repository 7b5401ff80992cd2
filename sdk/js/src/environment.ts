// What the browser knows about the network and the page, where there is a browser.

/** Whether the browser says that there is no network. Elsewhere nobody says so. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false
}

/**
 * Calls wake when things may have become better or the page comes back to life, lost when the network
 * has gone. Returns what ends it.
 */
export function watch(wake: () => void, lost: () => void): () => void {
  const page = globalThis.document as Document | undefined
  const stop = new AbortController()
  const on = (target: Partial<EventTarget> | undefined, event: string, listener: () => void) =>
    target?.addEventListener?.(event, listener, { signal: stop.signal })
  on(globalThis, 'online', wake)
  on(globalThis, 'offline', lost)
  on(globalThis, 'pageshow', wake)
  on(page, 'visibilitychange', () => page?.visibilityState === 'visible' && wake())
  return () => stop.abort()
}
