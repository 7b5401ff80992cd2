import 'fake-indexeddb/auto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { indexedDBOutbox, type OutboxEntry } from '../src/index.js'

/** Web Locks, as far as they are used. */
class FakeLocks {
  private held: { name: string; mode: string; done: Promise<unknown> }[] = []

  async request(name: string, ...rest: any[]): Promise<unknown> {
    const run = rest.pop()
    const { mode = 'exclusive', ifAvailable, signal } = rest[0] ?? {}
    const against = () => this.held.filter(lock => lock.name === name && (mode === 'exclusive' || lock.mode === 'exclusive'))
    while (against().length) {
      if (ifAvailable) return run(null)
      await against()[0]!.done
      signal?.throwIfAborted()
    }
    const lock = { name, mode, done: Promise.resolve(run({ name })) }
    this.held.push(lock)
    return lock.done.finally(() => (this.held = this.held.filter(other => other !== lock)))
  }

  async query() {
    return { held: this.held }
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

test('all who are there are told that a tab has closed, whoever came first', async () => {
  const stores = [tab(), tab(), tab()] as const
  const left = stores.map(() => vi.fn())
  for (const [i, store] of stores.entries()) {
    store.watch!(left[i]!)
    await store.put(entry(`of ${i}`, i))
  }
  stores[1].close()
  await vi.waitFor(() => expect(left.map(({ mock }) => mock.calls.length)).toEqual([1, 0, 1]))
  expect(cids(await stores[0].claim('r', 'me'))).toEqual(['of 0', 'of 1'])
  expect(cids(await stores[2].claim('r', 'me'))).toEqual(['of 2'])
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
