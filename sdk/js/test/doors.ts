// The HTTP doors of a scripted server: tests are conversations with it, request by request.

import { expect, vi } from 'vitest'
import type { ServerObject } from '../src/index.js'
import { settle } from './conversation.js'

/** One request, seen from the server. */
export class Exchange {
  readonly door: string
  readonly query: Record<string, string>
  readonly headers: Record<string, string>
  readonly body: any
  aborted = false
  private resolve!: (response: Response) => void
  private reject!: (error: Error) => void
  private stream: ReadableStreamDefaultController<Uint8Array> | undefined
  readonly response = new Promise<Response>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })

  constructor(url: string, init: RequestInit) {
    const { pathname, searchParams } = new URL(url)
    this.door = pathname
    this.query = Object.fromEntries(searchParams)
    this.headers = init.headers as Record<string, string>
    this.body = init.body && JSON.parse(init.body as string)
    init.signal?.addEventListener('abort', () => {
      this.aborted = true
      const error = new DOMException('aborted', 'AbortError')
      this.reject(error)
      try {
        this.stream?.error(error)
      } catch {
        // it has ended
      }
    })
  }

  answers(value: unknown, status = 200): void {
    this.resolve(Response.json(value, { status }))
  }

  /** Something that is not the server answers. */
  fails(status: number): void {
    this.resolve(new Response('<h1>Bad Gateway</h1>', { status, headers: { 'Content-Type': 'text/html' } }))
  }

  cut(): void {
    this.reject(new TypeError('fetch failed'))
  }

  streams(): this {
    const body = new ReadableStream<Uint8Array>({ start: controller => void (this.stream = controller) })
    this.resolve(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }))
    return this
  }

  writes(text: string): void {
    this.stream!.enqueue(new TextEncoder().encode(text))
  }

  says(object: Record<string, unknown>, id?: string): void {
    this.writes(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(object)}\n\n`)
  }

  ends(): void {
    this.stream!.close()
  }

  /** Answers each object of a batch. */
  answersEach(answer: (object: any) => Partial<ServerObject> = () => ({})): void {
    this.answers(this.body.map((object: any) => ({ type: 'ok', id: object.id, ...answer(object) })))
  }
}

/** The server; `fetch` is what its clients call. */
export class FakeDoors {
  private readonly exchanges: Exchange[] = []
  /** Doors at which nobody is. */
  down = false

  readonly fetch = (async (url: string, init: RequestInit = {}) => {
    if (this.down) throw new TypeError('fetch failed')
    const exchange = new Exchange(url, init)
    this.exchanges.push(exchange)
    return exchange.response
  }) as unknown as typeof globalThis.fetch

  /** The next request. */
  async asked(door: string, like: Record<string, unknown> = {}): Promise<Exchange> {
    await settle()
    const next = this.exchanges.shift()
    expect(next, `nothing asked; expected ${door} ${JSON.stringify(like)}`).toBeDefined()
    expect(next!.door).toBe(`/${door}`)
    expect(next!.query).toMatchObject(like)
    return next!
  }

  async askedNothing(): Promise<void> {
    await settle()
    expect(this.exchanges.map(({ door, query }) => ({ door, query }))).toEqual([])
  }

  /** The next request, some time later. */
  async askedAfter(ms: number, door: string, like: Record<string, unknown> = {}): Promise<Exchange> {
    await vi.advanceTimersByTimeAsync(ms)
    return this.asked(door, like)
  }
}
