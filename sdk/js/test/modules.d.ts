// As much as the tests use of modules whose types are not installed.

declare module 'node:zlib' {
  export function gzipSync(data: string, options: { level: number }): Uint8Array
}

declare module 'ws' {
  import type { WebSocketClass } from '../src/index.js'
  interface Connection {
    protocol: string
    on(event: 'message', listener: (data: { toString(): string }) => void): void
    send(data: string | Uint8Array): void
    close(code?: number, reason?: string): void
    terminate(): void
  }
  export class WebSocketServer {
    constructor(options: { port: number; host: string })
    on(event: 'connection', listener: (socket: Connection, request: { url: string }) => void): void
    on(event: 'listening', listener: () => void): void
    address(): { port: number }
    close(done?: () => void): void
    clients: Set<Connection>
  }
  export const WebSocket: WebSocketClass
}
