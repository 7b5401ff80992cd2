// A WebSocket client with the API of the standard: npm's ws or Node's own, by the first argument.
// Messages are kept until they are asked for, so that waiting for one is one line.

// patience is how many milliseconds anything may take that the server must do.
const patience = 60_000

export const [which, base, ...rest] = process.argv.slice(2)
export const WebSocket = which === 'npm' ? (await import('ws')).default : globalThis.WebSocket

export class Client {
  #got = []
  #wake = () => {}

  constructor(path, protocols = [], options) {
    this.ws = options ? new WebSocket(base + path, protocols, options) : new WebSocket(base + path, protocols)
    this.ws.binaryType = 'arraybuffer'
    this.opened = new Promise((resolve, reject) => {
      this.ws.onopen = resolve
      this.ws.onerror = e => reject(new Error(e.message || 'the connection failed'))
    })
    this.closed = new Promise(resolve => { this.ws.onclose = resolve })
    this.ws.onmessage = e => {
      this.#got.push(typeof e.data === 'string' ? e.data : new Uint8Array(e.data))
      this.#wake()
    }
  }

  // next resolves with the next message: a string or bytes.
  async next() {
    if (this.#got.length === 0) {
      const more = new Promise((resolve, reject) => {
        this.#wake = resolve
        setTimeout(reject, patience, new Error('nothing came')).unref()
      })
      const end = await Promise.race([more, this.closed])
      if (end && this.#got.length === 0) throw new Error(`closed with ${end.code} ${end.reason}`)
    }
    return this.#got.shift()
  }

  // want resolves with the next object of the native protocol that has these fields.
  async want(fields) {
    for (;;) {
      const object = JSON.parse(await this.next())
      if (Object.entries(fields).every(([name, value]) => object[name] === value)) return object
      if (object.type === 'error') throw new Error(`${object.code}: ${object.message}`)
    }
  }

  say(object) { this.ws.send(JSON.stringify(object)) }

  async close() {
    this.ws.close(1000)
    return this.closed
  }
}
