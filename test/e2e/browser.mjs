// People in Chromium, and what they can do and see on the page.

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { chromium } from 'playwright-core'

const base = process.env.BASE
const control = process.env.CONTROL
const pictures = process.env.PICTURES

/** How long what must happen may take, in ms, on a machine that has much else to do. */
export const patience = 60_000

export const launch = () =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    timeout: patience,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  })

// server kills or stops the server, or starts it again, by the Go test that runs it.
export async function server(what) {
  const response = await fetch(`${control}/${what}`, { method: 'POST' })
  assert.equal(response.status, 204, await response.text())
}

// settled asks again and again until the answer passes or patience ends, and returns the last answer for the
// caller to assert: what is said on one page comes to another a moment later.
export async function settled(ask, passes) {
  const end = Date.now() + patience
  for (;;) {
    const answer = await ask()
    if (passes(answer) || Date.now() > end) return answer
    await pause(50)
  }
}

// agree waits until all tabs hold exactly these texts, in one and the same order whatever it is, and returns
// them in it.
export async function agree(tabs, texts) {
  const logs = await settled(
    () => Promise.all(tabs.map(tab => tab.heard())),
    logs => logs.some(log => log.length > texts.length)
      || logs.every(log => log.length === texts.length && isDeepStrictEqual(log, logs[0])),
  )
  assert.deepEqual(logs[0].toSorted(), texts.toSorted())
  for (const log of logs) assert.deepEqual(log, logs[0])
  return logs[0]
}

// outbox runs on the page, and returns what the browser keeps there of unsent messages.
async function outbox() {
  const [{ name }] = await indexedDB.databases()
  const answer = request => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const db = await answer(indexedDB.open(name))
  try {
    return (await answer(db.transaction('outbox').objectStore('outbox').getAll())).map(row => JSON.stringify(row))
  } finally {
    db.close()
  }
}

// What cannot be reached is said on the console by the browser itself.
const expected = /WebSocket connection to '[^']*' failed|Failed to load resource/

// A person has a browser of their own: a profile, with as many tabs as they open.
export class Person {
  #context
  #wrong = []

  static async arrive(browser, name, options = {}) {
    const person = new Person()
    person.#context = await browser.newContext({ viewport: { width: 1200, height: 800 }, locale: 'en-GB', ...options })
    person.#context.setDefaultTimeout(patience)
    person.name = name
    return person
  }

  async open(room, { at = base, prepare } = {}) {
    const page = await this.#context.newPage()
    await prepare?.(page)
    page.on('pageerror', error => this.#wrong.push(`${this.name}: ${error}`))
    page.on('dialog', dialog => { this.#wrong.push(`${this.name}: a dialog, ${dialog.message()}`); void dialog.dismiss() })
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type()) && !expected.test(message.text())) {
        this.#wrong.push(`${this.name}: ${message.text()}`)
      }
    })
    await page.goto(`${at}#${room}`)
    return new Tab(page)
  }

  offline(is) { return this.#context.setOffline(is) }

  async leave() {
    await this.#context.close()
    assert.deepEqual(this.#wrong, [], 'nothing goes wrong on the page')
  }
}

export class Tab {
  constructor(page) {
    this.page = page
    this.log = page.getByRole('log')
    this.field = page.getByRole('textbox', { name: /Message to|Сообщение в/ })
    this.status = page.getByRole('navigation').getByRole('status')
    this.online = this.status.filter({ hasText: /Connected|На связи/ })
  }

  async isOnline() { await this.online.waitFor() }
  async isNotOnline() { await this.status.filter({ hasNotText: /Connected|На связи/ }).waitFor() }

  // isCarriedBy waits until the page is online, over that.
  async isCarriedBy(what) { await this.status.filter({ hasText: new RegExp(`(Connected|На связи).*${what}`, 's') }).waitFor() }

  // comesBack waits until the page is online again, and presses "Try now" as long as it is not.
  async comesBack() {
    const now = this.page.getByRole('button', { name: 'Try now' })
    await settled(async () => {
      await now.click({ timeout: 500 }).catch(() => {}) // it may be trying by itself
      return this.online.isVisible()
    }, online => online)
    await this.isOnline()
  }

  // use chooses what carries the connection, in the indicator's menu.
  async use(what) { await this.page.getByRole('combobox', { name: /What carries|Чем держится/ }).selectOption(what) }

  // lifecycle freezes the page as a browser does in the background, and brings it back: frozen, active.
  async lifecycle(state) {
    const cdp = await this.page.context().newCDPSession(this.page)
    await cdp.send('Page.setWebLifecycleState', { state })
  }

  // call answers the page's question for a name.
  async call(name) {
    const form = this.page.getByRole('region', { name: /What should people call you|Как вас называть/ })
    await form.getByRole('textbox').fill(name)
    await form.getByRole('button', { name: /Save|Сохранить/ }).click()
    await form.waitFor({ state: 'detached' })
  }

  async say(...texts) {
    for (const text of texts) {
      await this.field.fill(text)
      await this.field.press('Enter')
    }
  }

  // message is the one item of the log with exactly this text.
  message(text) {
    return this.log.locator('li').filter({ has: this.page.locator('.text').getByText(text, { exact: true }) })
  }

  async sees(...texts) {
    for (const text of texts) await this.message(text).waitFor()
  }

  // ticks waits until one's own message has got as far as that.
  async ticks(text, how) { await this.message(text).getByRole('img', { name: how, exact: true }).waitFor() }

  // keeps waits until the browser has written the message down: from then on it survives the tab.
  async keeps(text) {
    const kept = await settled(
      async () => (await this.page.evaluate(outbox)).some(row => row.includes(JSON.stringify(text))),
      kept => kept,
    )
    assert.ok(kept, `"${text}" is in the outbox`)
  }

  // hears waits until the log holds exactly these texts, in this order. One line too many is wrong at once.
  async hears(texts) {
    const heard = await settled(() => this.heard(), heard => heard.length > texts.length || isDeepStrictEqual(heard, texts))
    assert.deepEqual(heard, texts)
  }

  // heard returns all texts that are in the log now, in their order: hears and agree wait.
  heard() { return this.log.locator('li .text').allTextContents() }

  async picture(name) {
    if (!pictures) return
    await mkdir(pictures, { recursive: true })
    await this.page.screenshot({ path: `${pictures}/${name}.png` })
  }
}
