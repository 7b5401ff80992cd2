// The outbox in memory: survives a reconnect and leaving a room, not the end of the program.

import type { OutboxEntry, OutboxStore } from './types.js'

export function memoryOutbox(): OutboxStore {
  const entries = new Map<string, OutboxEntry>()
  const key = (room: string, cid: string) => JSON.stringify([room, cid])
  return {
    async claim(room, user) {
      const left = [...entries.values()].filter(entry => entry.room === room && (entry.user ?? user) === user)
      return left.sort((a, b) => a.at - b.at)
    },
    async put(entry) {
      entries.set(key(entry.room, entry.cid), entry)
    },
    async delete(room, cid) {
      entries.delete(key(room, cid))
    },
    close() {},
  }
}
