import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Conversation, settle, stubBrowser, USER, WELCOME } from './conversation.js'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})
afterEach(() => vi.useRealTimers())

describe('greeting', () => {
  test('hello, then welcome', async () => {
    const c = new Conversation({ name: 'Ann' })
    const users: string[] = []
    c.veche.on('user', user => users.push(user.id))
    const pipe = await c.pipe()
    expect(pipe.url).toBe('ws://veche.test/ws')
    expect(c.veche.transport).toBeNull()
    const hello = await pipe.welcomes({ user: { id: 'g-8f', name: '', guest: true } })
    expect(hello).toEqual({ type: 'hello', id: 1, name: 'Ann' })
    expect(c.log).toEqual(['online'])
    expect(c.veche.user).toEqual({ id: 'g-8f', name: '', guest: true })
    expect(c.veche.transport).toBe('fake')
    expect(users).toEqual(['g-8f'])
  })

  test('the token function is asked on every connect, and resume goes along', async () => {
    let n = 0
    const c = new Conversation({ token: async () => `t${++n}` })
    const first = await c.pipe()
    expect(await first.welcomes()).toMatchObject({ token: 't1' })
    first.cuts()
    const second = await c.nextPipe()
    expect(await second.welcomes()).toMatchObject({ token: 't2', resume: 'resume-1' })
  })

  test('a token function that throws is told, and asked again', async () => {
    const token = vi.fn().mockRejectedValueOnce(new Error('no network')).mockResolvedValue('t')
    const c = new Conversation({ token })
    const pipe = await c.nextPipe()
    expect(c.log).toEqual(['waiting', 'error token', 'connecting'])
    expect(await pipe.welcomes()).toMatchObject({ token: 't' })
  })

  test('an attempt that hangs is given up after 20 s', async () => {
    const c = new Conversation({ token: () => new Promise<string>(() => {}) })
    await vi.advanceTimersByTimeAsync(19_999)
    expect(c.veche.state).toBe('connecting')
    await vi.advanceTimersByTimeAsync(1)
    expect(c.veche.state).toBe('waiting')
    expect(c.pipes).toEqual([])
  })

  test('a refused token is replaced once; a second refusal ends it', async () => {
    let n = 0
    const c = new Conversation({ token: () => `t${++n}` })
    const first = await c.pipe()
    first.opens()
    const hello = await first.hears({ token: 't1' })
    first.says({ type: 'error', id: hello.id, code: 'expired', message: 'the token has expired', retry: false })
    const second = await c.nextPipe()
    second.opens()
    await second.hears({ token: 't2' })
    second.cuts(4401)
    await settle()
    expect(c.log).toEqual(['waiting', 'connecting', 'ended', 'error closed'])
  })

  test('a hello that is refused for good ends it', async () => {
    const c = new Conversation({ name: 'x'.repeat(100) })
    const pipe = await c.pipe()
    pipe.opens()
    pipe.says({ type: 'error', id: 1, code: 'bad_request', message: 'name is too long', retry: false })
    expect(c.log).toEqual(['ended', 'error bad_request'])
    expect(pipe.closed).toBe(true)
  })
})

describe('coming back', () => {
  test('waits with full jitter under a ceiling that doubles up to 30 s', async () => {
    vi.mocked(Math.random).mockReturnValue(1)
    const c = new Conversation()
    for (const ceiling of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      const pipe = await c.pipe()
      pipe.cuts()
      expect(c.veche.state).toBe('waiting')
      expect(c.veche.retryAt!.getTime() - Date.now()).toBe(ceiling)
      await vi.advanceTimersByTimeAsync(ceiling - 1)
      expect(c.veche.state).toBe('waiting')
      await vi.advanceTimersByTimeAsync(1)
      expect(c.veche.state).toBe('connecting')
    }
  })

  test('only a connection that lasted starts the backoff over', async () => {
    vi.mocked(Math.random).mockReturnValue(1)
    const c = new Conversation()
    const delay = async (lasting: number) => {
      const pipe = await c.online()
      await vi.advanceTimersByTimeAsync(lasting)
      pipe.cuts()
      const wait = c.veche.retryAt!.getTime() - Date.now()
      await vi.advanceTimersByTimeAsync(wait)
      return wait
    }
    expect(await delay(100)).toBe(500)
    expect(await delay(100)).toBe(1_000)
    expect(await delay(10_000)).toBe(500)
  })

  test('obeys bye … after, and nothing shortens it', async () => {
    const browser = stubBrowser()
    const c = new Conversation()
    const pipe = await c.online()
    pipe.says({ type: 'bye', code: 'drain', message: 'going', retry: true, after: 1.7 })
    expect(pipe.closed).toBe(true)
    expect(c.log).toEqual(['online', 'bye drain', 'waiting'])
    browser.fire('online')
    await vi.advanceTimersByTimeAsync(1_699)
    expect(c.pipes.length).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(c.pipes.length).toBe(2)
  })

  test('an absurd after is cut to an hour', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    pipe.says({ type: 'bye', code: 'drain', message: '', retry: true, after: 1e12 })
    expect(c.veche.retryAt!.getTime() - Date.now()).toBe(3_600_000)
  })

  test('bye without retry ends it; reconnect starts again', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    pipe.says({ type: 'bye', code: 'replaced', message: 'elsewhere', retry: false })
    expect(c.log).toEqual(['online', 'bye replaced', 'ended', 'error replaced'])
    await vi.advanceTimersByTimeAsync(100_000)
    expect(c.pipes.length).toBe(1)
    c.veche.reconnect()
    await (await c.pipe()).welcomes()
    expect(c.veche.state).toBe('online')
  })

  test('replaced by a hello of its own that was given up and came late, it comes back', async () => {
    const c = new Conversation()
    ;(await c.pipe()).opens()
    c.veche.reconnect()
    const pipe = await c.pipe()
    await pipe.welcomes()
    pipe.says({ type: 'bye', code: 'replaced', message: 'elsewhere', retry: false })
    expect(c.log).toEqual(['online', 'waiting'])
    const again = await c.nextPipe()
    expect(await again.welcomes()).toMatchObject({ resume: 'resume-1' })
    vi.setSystemTime(Date.now() + 60_000)
    again.says({ type: 'bye', code: 'replaced', message: 'elsewhere', retry: false })
    expect(c.veche.state).toBe('ended')
  })

  test('bye expired comes back with a new token', async () => {
    let n = 0
    const c = new Conversation({ token: () => `t${++n}` })
    const pipe = await c.online()
    pipe.says({ type: 'bye', code: 'expired', message: 'the token has expired', retry: false })
    const next = await c.nextPipe()
    expect(await next.welcomes()).toEqual({ type: 'hello', id: 2, token: 't2' })
    expect(c.veche.state).toBe('online')
  })

  test.each([1002, 1003, 1007, 1008, 1009, 4403, 4409])('close code %i ends it', async code => {
    const c = new Conversation()
    const pipe = await c.online()
    pipe.cuts(code)
    expect(c.log).toEqual(['online', 'ended', 'error closed'])
  })

  test.each([1000, 1001, 1006, 1011, 1012, 1013, 4999])('close code %i comes back', async code => {
    const c = new Conversation()
    const pipe = await c.online()
    pipe.cuts(code)
    expect(c.log).toEqual(['online', 'waiting'])
    await c.nextPipe()
  })

  test('1008 before the welcome is a late hello, and comes back', async () => {
    const c = new Conversation()
    const pipe = await c.pipe()
    pipe.opens()
    pipe.says({ type: 'error', code: 'bad_request', message: 'no hello in time', retry: false })
    expect(c.veche.state).toBe('waiting')
    const next = await c.nextPipe()
    next.cuts(1008)
    expect(c.veche.state).toBe('waiting')
  })

  test('4429 waits long', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    pipe.cuts(4429)
    expect(c.veche.retryAt!.getTime() - Date.now()).toBe(22_500)
  })
})

describe('liveness', () => {
  test('asks when nothing came for a while, and is content with any object', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    await vi.advanceTimersByTimeAsync(16_999)
    await pipe.hearsNothing()
    await vi.advanceTimersByTimeAsync(1)
    await pipe.hears({ type: 'ping' })
    await vi.advanceTimersByTimeAsync(7_999)
    pipe.says({ type: 'signal', kind: 'wake' })
    await vi.advanceTimersByTimeAsync(16_000)
    expect(c.veche.state).toBe('online')
    await pipe.hearsNothing()
  })

  test('does not ask while objects come', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(15_000)
      pipe.says({ type: 'pong' })
    }
    await pipe.hearsNothing()
  })

  test('a heartbeat in which nothing came: the connection is dead', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    await vi.advanceTimersByTimeAsync(24_999)
    expect(c.veche.state).toBe('online')
    await vi.advanceTimersByTimeAsync(1)
    expect(c.veche.state).toBe('waiting')
    expect(pipe.closed).toBe(true)
    await (await c.nextPipe()).welcomes()
    expect(c.veche.state).toBe('online')
  })

  test.each(['pageshow', 'online'])('asks at once on %s', async event => {
    const browser = stubBrowser()
    const c = new Conversation()
    const pipe = await c.online()
    browser.fire(event)
    await pipe.hears({ type: 'ping' })
    browser.fire(event)
    await pipe.hearsNothing()
    await vi.advanceTimersByTimeAsync(8_000)
    expect(c.veche.state).toBe('waiting')
  })

  test('a page that becomes visible asks, one that hides does not', async () => {
    const browser = stubBrowser()
    const c = new Conversation()
    const pipe = await c.online()
    browser.document.hidden = true
    browser.fire('visibilitychange')
    await pipe.hearsNothing()
    browser.document.hidden = false
    browser.fire('visibilitychange')
    await pipe.hears({ type: 'ping' })
  })

  test('a sleep of which no event tells is seen within 5 s, long before the watchdog would ask', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    vi.setSystemTime(Date.now() + 3_600_000)
    await vi.advanceTimersByTimeAsync(5_000)
    await pipe.hears({ type: 'ping' })
    await vi.advanceTimersByTimeAsync(8_000)
    expect(c.veche.state).toBe('waiting')
  })

  test('after a sleep nobody waits out a long backoff', async () => {
    vi.mocked(Math.random).mockReturnValue(1)
    const c = new Conversation()
    for (let i = 0; i < 7; i++) (await c.nextPipe()).cuts()
    expect(+c.veche.retryAt! - Date.now()).toBe(30_000)
    vi.setSystemTime(Date.now() + 16_000)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(c.veche.state).toBe('connecting')
  })

  test('after a sleep that the clock shows, asks at the first tick', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    await vi.advanceTimersByTimeAsync(20_000)
    pipe.says({ type: 'pong' })
    vi.setSystemTime(Date.now() + 3_600_000)
    await vi.advanceTimersByTimeAsync(5_000)
    await pipe.hears({ type: 'ping' })
    expect(c.veche.state).toBe('online')
  })

  test('a clock that is set back does not put the watchdog to sleep', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    vi.setSystemTime(Date.now() - 3_600_000)
    await vi.advanceTimersByTimeAsync(50_000)
    pipe.says({ type: 'pong' })
    await vi.advanceTimersByTimeAsync(50_000)
    await pipe.hears({ type: 'ping' })
  })
})

describe('the network', () => {
  test('offline drops the connection, online brings it back at once', async () => {
    const browser = stubBrowser()
    const c = new Conversation()
    const pipe = await c.online()
    browser.navigator.onLine = false
    browser.fire('offline')
    expect(pipe.closed).toBe(true)
    expect(c.veche.state).toBe('offline')
    browser.navigator.onLine = true
    browser.fire('online')
    await (await c.pipe()).welcomes()
    expect(c.log).toEqual(['online', 'offline', 'connecting', 'online'])
    expect(c.pipes.length).toBe(2)
  })

  test('it is tried now and then even so: localhost needs no network', async () => {
    const browser = stubBrowser()
    const c = new Conversation()
    const pipe = await c.online()
    browser.navigator.onLine = false
    browser.fire('offline')
    expect(pipe.closed).toBe(true)
    await (await c.nextPipe()).welcomes()
    expect(c.veche.state).toBe('online')
  })

  test('close lets go of everything', async () => {
    const browser = stubBrowser()
    const c = new Conversation()
    const pipe = await c.online()
    c.veche.close()
    expect(pipe.closed).toBe(true)
    expect(c.log).toEqual(['online', 'ended'])
    browser.fire('online')
    await vi.advanceTimersByTimeAsync(100_000)
    expect(c.pipes.length).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('renewal', () => {
  const expires = '2026-11-22T09:10:00.000Z'

  test('in place, half a minute before the end', async () => {
    let n = 0
    const c = new Conversation({ token: () => `t${++n}` })
    const pipe = await c.online({ expires })
    await vi.advanceTimersByTimeAsync(0)
    const until = 600_000 - 30_000
    for (let t = 0; t < until - 15_000; t += 15_000) {
      await vi.advanceTimersByTimeAsync(15_000)
      pipe.says({ type: 'pong' })
    }
    await pipe.hearsNothing()
    await vi.advanceTimersByTimeAsync(20_000)
    const hello = await pipe.hears({ type: 'hello', token: 't2' })
    pipe.says({ ...WELCOME, user: { id: 'me', name: 'Myself' }, expires: '2026-11-22T10:00:00.000Z' })
    pipe.says({ type: 'ok', id: hello.id })
    expect(c.veche.user!.name).toBe('Myself')
    expect(c.log).toEqual(['online'])
  })

  test('one that fails is told, and the session goes on', async () => {
    const token = vi.fn().mockResolvedValueOnce('t1').mockRejectedValueOnce(new Error('no'))
    const c = new Conversation({ token })
    await c.online({ expires: '2026-11-22T09:00:08.000Z' })
    await vi.advanceTimersByTimeAsync(6_000)
    expect(token).toHaveBeenCalledTimes(2)
    expect(c.log).toEqual(['online', 'error token'])
  })

  test('rename', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    const renamed = c.veche.rename('Zed')
    const hello = await pipe.hears({ type: 'hello', name: 'Zed' })
    pipe.says({ ...WELCOME, user: { ...USER, name: 'Zed' } })
    pipe.says({ type: 'ok', id: hello.id })
    expect(await renamed).toEqual({ id: 'me', name: 'Zed', guest: false })
    pipe.cuts()
    const next = await c.nextPipe()
    expect(await next.welcomes()).toMatchObject({ name: 'Zed' })
  })

  test('a name that is refused is not said again', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    const renamed = expect(c.veche.rename('x'.repeat(99))).rejects.toMatchObject({ code: 'bad_request', retry: false })
    const hello = await pipe.hears({ type: 'hello' })
    pipe.says({ type: 'error', id: hello.id, code: 'bad_request', message: 'name is too long', retry: false })
    await renamed
    pipe.cuts()
    expect(await (await c.nextPipe()).welcomes()).not.toHaveProperty('name')
  })
})

describe('listeners', () => {
  test('may end it from within', async () => {
    const c = new Conversation()
    c.veche.on('bye', () => c.veche.close())
    const pipe = await c.online()
    pipe.says({ type: 'bye', code: 'drain', message: '', retry: true, after: 1 })
    await vi.advanceTimersByTimeAsync(100_000)
    expect(c.veche.state).toBe('ended')
    expect(c.pipes.length).toBe(1)
  })

  test('may end it when the connection goes', async () => {
    const c = new Conversation()
    const pipe = await c.online()
    c.veche.room('r').on('state', state => state === 'joining' && c.veche.close())
    await pipe.joins('r')
    pipe.cuts()
    await vi.advanceTimersByTimeAsync(100_000)
    expect(c.veche.state).toBe('ended')
    expect(c.pipes.length).toBe(1)
  })

  test('go when unbound', async () => {
    const c = new Conversation()
    const heard = vi.fn()
    const unbind = c.veche.on('signal', heard)
    const pipe = await c.online()
    pipe.says({ type: 'signal', kind: 'wake' })
    unbind()
    unbind()
    pipe.says({ type: 'signal', kind: 'wake' })
    expect(heard).toHaveBeenCalledExactlyOnceWith({ room: '', from: '', name: '', kind: 'wake' })
  })
})
