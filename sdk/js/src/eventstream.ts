// Server-Sent Events, read: text in pieces in, events out (HTML Living Standard, 9.2.6). A pure machine.

export interface StreamEvent {
  /** The last `id` so far. */
  readonly id: string
  readonly data: string
}

/** A line that does not end is none of a server's that speaks to us. In UTF-16 code units. */
const MAX_LINE = 4 << 20

export class EventStream {
  readonly #take: (event: StreamEvent) => void
  #rest = ''
  #id = ''
  #data: string[] = []

  constructor(take: (event: StreamEvent) => void) {
    this.#take = take
  }

  /** @throws RangeError for a line without end. */
  push(text: string): void {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop()!
    if (this.#rest.length > MAX_LINE) throw new RangeError('a line without end')
    for (const line of lines) this.#line(line)
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch()
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!
    if (field === 'data') this.#data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.#id = value
  }

  #dispatch(): void {
    if (this.#data.length) this.#take({ id: this.#id, data: this.#data.join('\n') })
    this.#data = []
  }
}
