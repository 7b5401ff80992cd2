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
  const visible = () => void (page?.visibilityState === 'visible' && wake())
  const bindings: [EventTarget | undefined, string, () => void][] = [
    [globalThis as unknown as EventTarget, 'online', wake],
    [globalThis as unknown as EventTarget, 'offline', lost],
    [globalThis as unknown as EventTarget, 'pageshow', wake],
    [page, 'visibilitychange', visible],
    [page, 'resume', wake],
  ]
  for (const [target, event, listener] of bindings) target?.addEventListener?.(event, listener)
  return () => {
    for (const [target, event, listener] of bindings) target?.removeEventListener?.(event, listener)
  }
}
