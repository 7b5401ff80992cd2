// Stories of people on the page. Each has a room of its own.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { agree, launch, Person, server, settled } from './browser.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser.close())

test('two people talk, in three tabs', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const bob = await Person.arrive(browser, 'Bob')
  const annHere = await ann.open('square')
  await annHere.call('Ann')
  const bobHere = await bob.open('square')
  await bobHere.call('Bob')
  await Promise.all([annHere.isOnline(), bobHere.isOnline()])

  // Who is there.
  const people = tab => tab.page.getByRole('complementary', { name: 'In the room' })
  await people(annHere).getByText('Bob', { exact: true }).waitFor()
  await people(bobHere).getByText('Ann', { exact: true }).waitFor()

  // Who is typing, and that it ends with the message.
  await bobHere.field.pressSequentially('Good ')
  const typing = annHere.page.getByRole('region', { name: '#square' }).getByText('Bob is typing')
  await settled(async () => { // a signal may be lost, and what it says is over soon
    await bobHere.field.press('x')
    await bobHere.field.press('Backspace')
    return typing.isVisible()
  }, seen => seen)
  await bobHere.field.pressSequentially('morning!')
  await bobHere.field.press('Enter')
  await annHere.sees('Good morning!')
  await typing.waitFor({ state: 'detached' })

  // Both ways, with the two ticks.
  await annHere.say('Good morning, Bob.', 'Is the bell mended?')
  await bobHere.sees('Good morning, Bob.', 'Is the bell mended?')
  await annHere.ticks('Is the bell mended?', 'Read')

  // The third tab: Ann again, with all that was said, and one person still.
  const annThere = await ann.open('square')
  await annThere.sees('Good morning!', 'Is the bell mended?')
  await bobHere.say('It rang at nine.')
  await Promise.all([annHere.sees('It rang at nine.'), annThere.sees('It rang at nine.')])
  await annThere.say('I heard it.')
  await Promise.all([annHere.sees('I heard it.'), bobHere.sees('I heard it.')])
  await agree([annHere, annThere, bobHere], [
    'Good morning!', 'Good morning, Bob.', 'Is the bell mended?', 'It rang at nine.', 'I heard it.',
  ])
  await people(bobHere).getByRole('listitem').nth(2).waitFor({ state: 'detached' })
  await annHere.picture('desktop-light')

  // Ann looks at another room; what is said here is counted there.
  await annHere.page.getByRole('button', { name: 'New room' }).click()
  await annHere.page.getByRole('textbox', { name: 'Name of a room' }).fill('bakers')
  await annHere.page.keyboard.press('Enter')
  await annHere.page.getByRole('heading', { name: 'bakers', exact: true }).waitFor()
  await annThere.page.close()
  await bobHere.say('Are you still here?')
  await annHere.page.getByRole('link', { name: /square/ }).getByText('1 unread message').waitFor()
  await bobHere.ticks('Are you still here?', 'Received')
  await annHere.page.getByRole('link', { name: /square/ }).click()
  await bobHere.ticks('Are you still here?', 'Read')

  // Who leaves is gone.
  await ann.leave()
  await people(bobHere).getByText('Ann', { exact: true }).waitFor({ state: 'detached' })
  await bob.leave()
})

test('offline and back, with nothing lost or doubled', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const bob = await Person.arrive(browser, 'Bob')
  const [a, b] = [await ann.open('outage'), await bob.open('outage')]
  await a.say('before')
  await b.sees('before')

  await ann.offline(true)
  await a.isNotOnline()
  await a.say('from Ann 1', 'from Ann 2')
  await a.ticks('from Ann 2', 'Waiting for the connection')
  await b.say('from Bob 1', 'from Bob 2')
  await a.picture('offline')
  await ann.offline(false)
  await Promise.all([a.sees('from Bob 2'), b.sees('from Ann 2')])

  await server('kill')
  await Promise.all([a.isNotOnline(), b.isNotOnline()])
  await a.say('from Ann 3')
  await b.say('from Bob 3')
  await server('restart')
  await Promise.all([a.comesBack(), b.comesBack()])
  await Promise.all([a.sees('from Bob 3'), b.sees('from Ann 3')])
  await Promise.all([a.ticks('from Ann 3', 'Read'), b.ticks('from Bob 3', 'Read')])

  const log = await agree([a, b], [
    'before', 'from Ann 1', 'from Ann 2', 'from Ann 3', 'from Bob 1', 'from Bob 2', 'from Bob 3',
  ])
  const late = await bob.open('outage')
  await late.hears(log)
  await Promise.all([ann.leave(), bob.leave()])
})

test('what was not sent survives the tab', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const bob = await Person.arrive(browser, 'Bob')
  const b = await bob.open('drafts')
  const a = await ann.open('drafts')
  await a.isOnline()

  await server('kill')
  await a.isNotOnline()
  await a.say('written in the dark')
  await a.ticks('written in the dark', 'Waiting for the connection')
  await a.page.close()
  await server('restart')
  const again = await ann.open('drafts')
  await Promise.all([b.sees('written in the dark'), again.ticks('written in the dark', 'Read')])
  await again.hears(['written in the dark'])
  await Promise.all([ann.leave(), bob.leave()])
})

test('text is text', async () => {
  const eve = await Person.arrive(browser, 'Eve')
  const bob = await Person.arrive(browser, 'Bob')
  const [e, b] = [await eve.open('markup'), await bob.open('markup')]
  const texts = [
    '<img src=x onerror=alert(1)>',
    '<script>alert(2)</script>',
    '"><svg/onload=alert(3)>',
    'javascript:alert(4)',
    '[a](javascript:alert(5)) &lt;b&gt; **c**',
  ]
  await e.call('<b onmouseover=alert(6)>Eve</b>')
  await e.say(...texts)
  await b.hears(texts)
  await b.log.getByText('<b onmouseover=alert(6)>Eve</b>', { exact: true }).first().waitFor()
  assert.equal(await b.log.locator('img, script, b, strong, a').count(), 0)
  await Promise.all([eve.leave(), bob.leave()])
})

test('Russian and English', async () => {
  const anna = await Person.arrive(browser, 'Анна', { locale: 'ru-RU', viewport: { width: 390, height: 780 }, colorScheme: 'dark' })
  const tab = await anna.open('площадь')
  const { page } = tab
  await page.getByRole('textbox', { name: 'Сообщение в #площадь' }).waitFor()
  await tab.call('Анна')
  await tab.say('Доброе утро!')
  await tab.ticks('Доброе утро!', 'Отправлено')
  await tab.picture('phone-dark')

  await page.getByRole('button', { name: 'К списку комнат' }).click()
  await page.getByRole('button', { name: 'In English' }).click()
  await page.getByRole('heading', { name: 'Veche' }).waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'en')
  await page.getByRole('link', { name: /площадь/ }).click()
  await tab.ticks('Доброе утро!', 'Sent')
  await page.reload()
  await page.getByRole('textbox', { name: 'Message to #площадь' }).waitFor() // the choice was kept
  await anna.leave()
})

test('the keyboard is enough', async () => {
  const ann = await Person.arrive(browser, 'Ann')
  const tab = await ann.open('keys')
  const { page } = tab
  await tab.isOnline()
  await page.keyboard.press('Tab')
  await page.getByRole('link', { name: 'Skip to writing a message' }).press('Enter')
  await page.keyboard.type('one line')
  await page.keyboard.press('Shift+Enter')
  await page.keyboard.type('and another')
  await page.keyboard.press('Enter')
  await tab.sees('one line\nand another')
  await page.keyboard.press('Alt+ArrowUp')
  await page.getByRole('heading', { name: 'general', exact: true }).waitFor()
  await ann.leave()
})
