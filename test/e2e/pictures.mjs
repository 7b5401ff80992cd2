// Takes the pictures of docs/pictures: BASE=http://localhost:8080/ PICTURES=DIR node pictures.mjs, on a server that is new.

import { launch, Person } from './browser.mjs'

/** What is said, by whom, when; a day ago, if so. */
const talks = {
  en: {
    room: 'general', locale: 'en-GB', people: ['Boris', 'Anna', 'Lera', 'Mikhail'],
    lines: [
      [1, 'The tower is ours for Saturday: the key is at the museum, ask for Vera.', '-11:28'],
      [0, 'Great news! I pick it up on Friday after five.', '-11:32'],
      [3, 'And the rope? The old one would not hold a cat.', '-11:38'],
      [0, 'Bought a new one yesterday, 40 metres.', '09:18'],
      [0, 'The poster is here: https://example.org/poster/v3', '09:19'],
      [2, 'Beautiful. Two small things:\n\n1. the map needs a legend\n2. the hour should be larger than the date', '09:58'],
      [1, 'Agreed. Who has the file?', '11:26'],
      [0, 'I do. Both done in ten minutes.', '11:28'],
      [2, 'Thank you! I take fifty copies to the bakery.', '12:19'],
      [1, 'Then everybody at ten, under the bell.', '12:24'],
      [0, 'I will be there at nine with the rope.', '12:28'],
    ],
    elsewhere: { bakers: [2, 'Forty loaves, two with poppy seeds'], music: [3, 'Rehearsal moved to seven'], press: [2, 'Sent it, thank you'] },
  },
  ru: {
    room: 'площадь', locale: 'ru-RU', people: ['Борис', 'Анна', 'Лера', 'Михаил'],
    lines: [
      [3, 'А верёвка? Старая и кошку не удержит.', '-11:38'],
      [0, 'Вчера купил новую, сорок метров.', '09:18'],
      [0, 'Афиша лежит здесь: https://example.org/poster/v3', '09:19'],
      [2, 'Красиво. Две мелочи:\n\n1. карте нужна легенда\n2. час должен быть крупнее числа', '09:58'],
      [1, 'Согласна. У кого исходник?', '11:26'],
      [0, 'У меня. Через десять минут всё будет.', '11:28'],
      [2, 'Спасибо! Отнесу полсотни в пекарню.', '12:19'],
      [1, 'Тогда все в десять, под колоколом.', '12:24'],
      [0, 'Буду в девять, с верёвкой.', '12:28'],
    ],
    elsewhere: {},
  },
}

/** Lets a page see the times of the story. */
const clock = lines => page =>
  page.routeWebSocket(/\/ws/, socket => {
    const times = new Map(lines.map(([, text, time]) => [text, time]))
    const told = message => {
      const [, yesterday, hour, minute] = /(-?)(\d+):(\d+)/.exec(times.get(message.body?.text ?? message.body) ?? '') ?? []
      if (!hour) return message
      const at = new Date()
      at.setDate(at.getDate() - (yesterday ? 1 : 0))
      at.setHours(hour, minute, 0, 0)
      return { ...message, at: at.toISOString() }
    }
    socket.connectToServer().onMessage(data => {
      const object = JSON.parse(data)
      if (object.messages) object.messages = object.messages.map(told)
      socket.send(JSON.stringify(object.type === 'message' ? told(object) : object))
    })
  })

const browser = await launch()

/** Lets the story happen; gives the page of the first person, who sees it, and the others'. */
async function tell({ room, locale, people, lines, elsewhere }, options) {
  const persons = await Promise.all(people.map((name, i) => Person.arrive(browser, name, { locale, ...(i === 0 && options) })))
  const tabs = []
  for (const person of persons) tabs.push(await person.open(room))
  for (const [i, tab] of tabs.entries()) await tab.call(people[i])
  for (const [who, text] of lines) {
    await tabs[who].say(text)
    await Promise.all(tabs.map(tab => tab.log.getByText(text.split('\n')[0]).waitFor()))
  }
  for (const [other, [who, text]] of Object.entries(elsewhere)) {
    const [mine, theirs] = [await persons[0].open(other), await persons[who].open(other)]
    await Promise.all([mine.isOnline(), theirs.isOnline()])
    await theirs.say(text)
    await theirs.ticks(text, 'Read')
    await Promise.all([mine.page.close(), theirs.page.close()])
  }
  await tabs[0].page.close()
  const seen = await persons[0].open(room, { prepare: clock(lines) })
  await seen.log.getByText(lines.at(-1)[1]).waitFor()
  return { persons, tabs, seen }
}

/** Both colours of a page on which somebody is typing. */
async function both({ page, ...seen }, typist, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    await typist.field.press('x')
    await page.getByRole('region', { name: /^#/ }).getByText(/is typing|печатает/).first().waitFor()
    await page.screenshot({ path: `${process.env.PICTURES}/${name}-${colorScheme}.png`, animations: 'disabled' })
  }
}

try {
  const desktop = await tell(talks.en, { viewport: { width: 1280, height: 800 } })
  const lera = await desktop.persons[2].open('press')
  await Promise.all([desktop.seen.isOnline(), lera.isOnline()])
  await lera.say('It is in tomorrow’s paper', 'Sent it, thank you')
  await desktop.seen.page.getByRole('link', { name: /press/ }).getByText('2', { exact: true }).waitFor()
  await both(desktop.seen, desktop.tabs[1], 'chat-desktop')
  await desktop.tabs[1].field.fill('')
  await desktop.seen.page.emulateMedia({ colorScheme: 'light' })
  await desktop.persons[0].offline(true)
  await desktop.seen.isNotOnline()
  await desktop.seen.say('The train is in the tunnel, more in a minute.', 'Anna, take the ladder, please.')
  await desktop.seen.ticks('Anna, take the ladder, please.', 'Waiting for the connection')
  await desktop.seen.status.filter({ hasText: 'No network' }).waitFor()
  await desktop.seen.page.screenshot({ path: `${process.env.PICTURES}/chat-offline.png`, animations: 'disabled' })

  const phone = await tell(talks.ru, { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2 })
  await both(phone.seen, phone.tabs[1], 'chat-phone')
} finally {
  await browser.close()
}
