// What the browser knows about the network and the page, where there is a browser.

import type { Watch } from './types.js'

/** Whether the browser says that there is no network. Elsewhere nobody says so. */
export const isOffline = (): boolean => globalThis.navigator?.onLine === false

/** How often the clock is looked at, in ms. A pause three times as long was no pause of a timer: we slept. */
const TICK = 5_000

/**
 * Calls wake when things may have become better or the page comes back to life, lost when the network
 * has gone. Returns what ends it. Coming back to life is said by events, and where none comes (a laptop's
 * sleep, a frozen page) by the clock.
 */
export const watch: Watch = (wake, lost) => {
  const stop = new AbortController()
  const on = (event: string, listener: () => void) =>
    (globalThis as Partial<EventTarget>).addEventListener?.(event, listener, { signal: stop.signal })
  on('online', wake)
  on('offline', lost)
  on('pageshow', wake)
  on('visibilitychange', () => document.hidden || wake())
  let last = Date.now()
  const clock = setInterval(() => {
    const was = last
    last = Date.now()
    if (last - was > 3 * TICK) wake()
  }, TICK)
  return () => {
    stop.abort()
    clearInterval(clock)
  }
}
