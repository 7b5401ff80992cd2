// What the end of a connection means for the next one (docs/protocol.md, section 4, `bye` and close codes).

import { CEILING } from './backoff.js'

/**
 * - `stop`: coming back makes no sense.
 * - `credential`: get a fresh token and come back with it, once.
 * - `{after}`: come back, in so many ms; without it by one's own backoff.
 */
export type Fate = 'stop' | 'credential' | { after?: number }

/** No server may send us away for longer, in ms: a mistyped number is not for ever. */
const MAX_AFTER = 3_600_000

/** By the words of a `bye`, or of the `error` that answers `hello`. */
export function fateOfWords(words: { code: string; retry: boolean; after?: number | undefined }): Fate {
  if (words.code === 'expired' || words.code === 'unauthorized') return 'credential'
  if (!words.retry) return 'stop'
  return words.after === undefined ? {} : { after: Math.min(words.after * 1000, MAX_AFTER) }
}

/** By the close code alone. */
export function fateOfCode(code: number, welcomed: boolean): Fate {
  switch (code) {
    case 4401:
      return 'credential'
    case 1008:
      // Before the welcome: our hello did not arrive in time.
      return welcomed ? 'stop' : {}
    case 1002:
    case 1003:
    case 1007:
    case 1009:
    case 4403:
    case 4409:
      return 'stop'
    case 4429:
      return { after: CEILING / 2 + (Math.random() * CEILING) / 2 }
    default:
      return {}
  }
}
