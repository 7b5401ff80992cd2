// The server's HTTP doors as a client sees them: their addresses, who asks, and what an answer without
// the objects that were asked for means.

import { addressOf } from './address.js'
import { decode, type Hello, type Refusal } from './protocol.js'
import { BLOCKED } from './transport.js'

export interface HTTPOptions {
  /** Default: the global one. */
  fetch?: typeof fetch | undefined
}

/** Who asks, said by each request. */
export type Credentials = Pick<Hello, 'token' | 'resume' | 'name'>

/** Why a request has brought nothing: what the server said, or by which close code the way is to be called. */
export class Failure extends Error {
  constructor(
    readonly code: number,
    reason: string,
    readonly refusal?: Refusal,
  ) {
    super(reason)
  }
}

export class Doors {
  readonly #url: URL
  readonly #fetch: typeof fetch

  /** `url` is that of the WebSocket; the others are beside it. */
  constructor(url: string, { fetch = globalThis.fetch }: HTTPOptions) {
    this.#url = addressOf(url, 'http')
    this.#fetch = fetch.bind(globalThis)
  }

  /**
   * Asks at a door. The answer is one that has what was asked for.
   *
   * @throws Failure, and whatever fetch throws: then there is no network, or nobody there.
   */
  async ask(door: string, who: Credentials, query: Record<string, string>, init: RequestInit, type: string): Promise<Response> {
    const url = new URL(door, this.#url)
    url.search = this.#url.search
    const { resume, name } = who
    for (const [key, value] of Object.entries({ ...query, resume, name })) if (value) url.searchParams.set(key, value)
    const headers = { ...(init.headers as Record<string, string>), ...(who.token && { Authorization: `Bearer ${who.token}` }) }
    // Cookies as a WebSocket sends them, to another origin of the same site too.
    const response = await this.#fetch(url.href, { cache: 'no-store', credentials: 'include', ...init, headers })
    if (response.ok && response.headers.get('Content-Type')?.startsWith(type)) return response
    throw await failure(response)
  }
}

async function failure(response: Response): Promise<Failure> {
  const { status } = response
  const said = response.headers.get('Content-Type')?.startsWith('application/json') ? decode(await response.text()) : undefined
  if (said?.type === 'error') return new Failure(codes[(said as Refusal).code] ?? 1006, (said as Refusal).code, said as Refusal)
  void response.body?.cancel().catch(() => {})
  // A gateway that has nobody behind it, or too many in front; anything else is no server of ours.
  return new Failure(status >= 500 || status === 429 || status === 408 ? 1006 : BLOCKED, `HTTP ${status}`)
}

/** The close codes that say the same as an error (docs/protocol.md, section 4). */
const codes: Record<string, number> = { unauthorized: 4401, expired: 4401, forbidden: 4403, replaced: 4409, limit: 4429 }
