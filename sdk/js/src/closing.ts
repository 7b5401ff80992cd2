// What the end of a connection means for the next one (docs/protocol.md, section 4, `bye` and close codes).

import { CEILING } from './backoff.js'
import { MOVED } from './transport.js'

/**
 * - `stop`: coming back makes no sense.
 * - `credential`: get a fresh token and come back with it, once.
 * - a number: come back, in so many ms; undefined: by one's own backoff.
 */
export type Fate = 'stop' | 'credential' | number | undefined

/** No server may send us away for longer, in ms: a mistyped number is not for ever. */
const MAX_AFTER = 3_600_000

/** We are wrong, unwanted, or elsewhere. */
const FATAL = [1002, 1003, 1007, 1008, 1009, 4403, 4409]

/** By the words of a `bye`, or of the `error` that answers `hello`. */
export function fateOfWords(words: { code: string; retry?: boolean; after?: number | undefined }): Fate {
  if (words.code === 'expired' || words.code === 'unauthorized') return 'credential'
  if (!words.retry) return 'stop'
  return words.after && Math.min(words.after * 1000, MAX_AFTER)
}

/** By the close code alone. */
export function fateOfCode(code: number, welcomed: boolean): Fate {
  if (code === 4401) return 'credential'
  if (code === MOVED) return 0
  if (code === 4429) return (CEILING * (1 + Math.random())) / 2
  if (code === 1008 && !welcomed) return // our hello did not arrive in time
  return FATAL.includes(code) ? 'stop' : undefined
}

/** How long a request that was given up may still be on its way, in ms. */
const LATE = 60_000

/** Whether it was a request of one's own, given up at that time and late at the server, that replaced the session: then one comes back. */
export function isOwn(code: string, gaveUpAt: number): boolean {
  return code === 'replaced' && Date.now() - gaveUpAt < LATE
}
