import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { indexedDBOutbox, type OutboxEntry } from '../src/index.js'

/** Web Locks, as far as they are used. */
class FakeLocks {
  private held = new Map<string, Promise<unknown>>()

  async request(name: string, ...rest: any[]): Promise<unknown> {
    const run = rest.pop()
    if (this.held.has(name) && rest[0]?.ifAvailable) return run(null)
    while (this.held.has(name)) await this.held.get(name)
    const done = run({ name })
    this.held.set(name, done)
    return done.finally(() => this.held.delete(name))
  }
}

let name = 0
beforeEach(() => {
  name++
  vi.stubGlobal('navigator', { locks: new FakeLocks() })
})
const tabs: { close(): void }[] = []
afterEach(() => tabs.splice(0).forEach(tab => tab.close()))

function tab() {
  const store = indexedDBOutbox(`test ${name}`)
  tabs.push(store)
  return store
}

const entry = (cid: string, at: number, user: string | undefined = 'me'): OutboxEntry => ({ room: 'r', cid, user, at, kind: '', body: cid })

const cids = (entries: OutboxEntry[]) => entries.map(({ cid }) => cid)

test('what a closed tab left is claimed by one other, oldest first', async () => {
  const first = tab()
  await first.put(entry('b', 2))
  await first.put(entry('a', 1))
  await first.put({ ...entry('data', 3), data: 'AAEC', content: 'image/png' })
  const [second, third] = [tab(), tab()]
  expect(await second.claim('r', 'me')).toEqual([])
  first.close()
  await vi.waitFor(async () => expect(cids(await second.claim('r', 'me'))).toEqual(['a', 'b', 'data']))
  expect(await third.claim('r', 'me')).toEqual([])
})

test('one that is deleted is gone', async () => {
  const store = tab()
  await store.put(entry('a', 1))
  await store.put(entry('b', 2))
  await store.delete('r', 'a')
  expect(await store.claim('r', 'me')).toEqual([entry('b', 2)])
})

test('rooms and users are apart; what nobody signed is anybody’s', async () => {
  const store = tab()
  await store.put(entry('mine', 1))
  await store.put(entry('hers', 2, 'she'))
  await store.put({ ...entry('unsigned', 3), user: undefined })
  await store.put({ ...entry('elsewhere', 4), room: 'r2' })
  expect(cids(await store.claim('r', 'me'))).toEqual(['mine', 'unsigned'])
})

test('without Web Locks everybody claims everything', async () => {
  vi.stubGlobal('navigator', {})
  const [first, second] = [tab(), tab()]
  await first.put(entry('a', 1))
  expect(cids(await second.claim('r', 'me'))).toEqual(['a'])
})

test('opens again after close', async () => {
  const store = tab()
  await store.put(entry('a', 1))
  store.close()
  await vi.waitFor(async () => expect(cids(await store.claim('r', 'me'))).toEqual(['a']))
})

test('a database that does not open is an error, not a wait for ever', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('indexedDB', { open: () => ({}) })
  const failed = expect(tab().put(entry('a', 1))).rejects.toThrow('does not open')
  await vi.advanceTimersByTimeAsync(5_000)
  await failed
  vi.useRealTimers()
})
