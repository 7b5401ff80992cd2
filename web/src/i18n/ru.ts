// Страница по-русски.

import type { Words } from './en.ts';
import { plurals } from './plural.ts';

const n = plurals('ru');

export const ru: Words = {
  skip: 'Перейти к полю сообщения',
  back: 'К списку комнат',
  close: 'Закрыть',
  language: 'In English',
  other: 'EN',
  theme: { auto: 'Тема: как в системе', light: 'Тема: светлая', dark: 'Тема: тёмная' },

  rooms: {
    title: 'Комнаты',
    add: 'Новая комната',
    field: 'Название комнаты',
    hint: 'Комната появляется, когда в неё входит первый гость.',
    enter: 'Войти',
    bad: 'В названии от 1 до 128 байт, и оно не начинается с ~',
    unread: (count) =>
      n(count, {
        one: '# непрочитанное сообщение',
        few: '# непрочитанных сообщения',
        many: '# непрочитанных сообщений',
        other: '# непрочитанного сообщения',
      }),
    quiet: 'Пока ни одного сообщения',
    you: 'Вы',
  },

  room: {
    log: (name) => `Сообщения в комнате ${name}`,
    loading: 'Загружаем сообщения…',
    start: (name) => `Здесь начинается #${name}`,
    startHint: 'Войти и прочитать может каждый, у кого есть ссылка.',
    copy: 'Скопировать ссылку',
    copied: 'Скопировано',
    leave: 'Выйти из комнаты',
    newLine: 'Новые',
    gap: (count) =>
      n(count, {
        one: '# сообщение больше не хранится',
        few: '# сообщения больше не хранятся',
        many: '# сообщений больше не хранятся',
        other: '# сообщения больше не хранятся',
      }),
    latest: 'К последнему сообщению',
    fresh: (count) =>
      n(count, {
        one: '# новое сообщение',
        few: '# новых сообщения',
        many: '# новых сообщений',
        other: '# нового сообщения',
      }),
    refused: 'В эту комнату войти нельзя',
    joining: 'Входим в комнату…',
  },

  people: {
    title: 'В комнате',
    online: (count) => n(count, { one: '# здесь', other: '# здесь' }),
    show: 'Кто здесь',
    you: 'вы',
    guest: (id) => `Гость ${id}`,
    more: (count) => n(count, { one: 'и ещё #', other: 'и ещё #' }),
    typing: (names) =>
      names.length === 1
        ? `${names[0]} печатает`
        : names.length === 2
          ? `${names[0]} и ${names[1]} печатают`
          : n(names.length, {
              one: '# человек печатает',
              few: '# человека печатают',
              many: '# человек печатают',
              other: '# человека печатают',
            }),
  },

  message: {
    field: (room) => `Сообщение в #${room}`,
    placeholder: 'Напишите сообщение',
    send: 'Отправить',
    tooLong: (over) => `Длиннее допустимого на ${over}`,
    more: 'Показать целиком',
    less: 'Свернуть',
    download: 'Скачать',
    bytes: (type, size) => `${type}, ${size}`,
    retry: 'Отправить снова',
    discard: 'Удалить',
    tick: {
      queued: 'Ждёт соединения',
      sending: 'Отправляется',
      failed: 'Не отправлено',
      sent: 'Отправлено',
      received: 'Получено',
      read: 'Прочитано',
    },
  },

  errors: {
    forbidden: 'Здесь это не разрешено',
    too_large: 'Сообщение слишком велико',
    limit: 'Слишком много сразу',
    unauthorized: 'Сервер вас не знает',
    expired: 'Срок вашего входа истёк',
    other: 'Что-то пошло не так',
  },

  status: {
    label: 'Соединение',
    connecting: 'Соединяемся…',
    online: 'На связи',
    waiting: 'Нет соединения',
    offline: 'Нет сети',
    ended: 'Отключено',
    over: { websocket: 'WebSocket', 'websocket/h2': 'WebSocket · HTTP/2', sse: 'SSE', longpoll: 'Long polling' },
    way: 'Чем держится соединение',
    auto: 'Автоматически',
    next: (seconds) => n(seconds, { one: 'повтор через # с', other: 'повтор через # с' }),
    now: 'Сейчас',
    again: 'Подключиться снова',
    unsent: (count) =>
      n(count, {
        one: '# сообщение ждёт и отправится само',
        few: '# сообщения ждут и отправятся сами',
        many: '# сообщений ждут и отправятся сами',
        other: '# сообщения ждут и отправятся сами',
      }),
  },

  name: {
    ask: 'Как вас называть?',
    field: 'Ваше имя',
    save: 'Сохранить',
    later: 'Не сейчас',
    change: 'Сменить имя',
    long: 'В имени не больше 64 байт',
  },
};
