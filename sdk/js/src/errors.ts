// Errors, with the codes that docs/protocol.md lists and a few of our own.

/** What went wrong: a code of the server's (`forbidden`, `too_large`, `busy` …), or of ours: `closed`, `timeout`, `token`. */
export class VecheError extends Error {
  override readonly name = 'VecheError'

  constructor(
    readonly code: string,
    message = code,
    /** The same request may succeed later. */
    readonly retry = false,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Not refused: there was nobody to ask, or no answer came. What happened is open. */
export function closed(message = 'disconnected'): VecheError {
  return new VecheError('closed', message, true)
}
