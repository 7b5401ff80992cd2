// The page in English; also the list of what every language must say.

import { plurals } from './plural.ts';

const n = plurals('en');

export const en = {
  skip: 'Skip to writing a message',
  back: 'Back to the rooms',
  close: 'Close',
  language: 'По-русски',
  /** The language that the switch leads to. */
  other: 'RU',
  theme: { auto: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' },

  rooms: {
    title: 'Rooms',
    add: 'New room',
    field: 'Name of a room',
    hint: 'A room is made when its first guest comes in.',
    enter: 'Enter',
    bad: 'A name has 1 to 128 bytes, and does not begin with ~',
    unread: (count: number) => n(count, { one: '# unread message', other: '# unread messages' }),
    quiet: 'No messages yet',
    you: 'You',
  },

  room: {
    log: (name: string) => `Messages in ${name}`,
    loading: 'Loading messages…',
    start: (name: string) => `This is where #${name} begins`,
    startHint: 'Whoever has the link can come in and read.',
    copy: 'Copy the link',
    copied: 'Copied',
    leave: 'Leave the room',
    newLine: 'New',
    gap: (count: number) => n(count, { one: '# message is no longer kept', other: '# messages are no longer kept' }),
    latest: 'To the latest message',
    fresh: (count: number) => n(count, { one: '# new message', other: '# new messages' }),
    refused: 'You cannot enter this room',
    joining: 'Entering the room…',
  },

  people: {
    title: 'In the room',
    online: (count: number) => n(count, { one: '# here', other: '# here' }),
    show: 'Who is here',
    you: 'you',
    guest: (id: string) => `Guest ${id}`,
    more: (count: number) => n(count, { one: 'and # more', other: 'and # more' }),
    typing: (names: readonly string[]) =>
      names.length === 1
        ? `${names[0]} is typing`
        : names.length === 2
          ? `${names[0]} and ${names[1]} are typing`
          : n(names.length, { one: '# person is typing', other: '# people are typing' }),
  },

  message: {
    field: (room: string) => `Message to #${room}`,
    placeholder: 'Write a message',
    send: 'Send',
    tooLong: (over: string) => `Too long by ${over}`,
    more: 'Show all',
    less: 'Show less',
    download: 'Download',
    bytes: (type: string, size: string) => `${type}, ${size}`,
    retry: 'Send again',
    discard: 'Discard',
    tick: {
      queued: 'Waiting for the connection',
      sending: 'Sending',
      failed: 'Not sent',
      sent: 'Sent',
      received: 'Received',
      read: 'Read',
    },
  },

  errors: {
    forbidden: 'This is not allowed here',
    too_large: 'The message is too large',
    limit: 'Too many at once',
    unauthorized: 'The server does not know you',
    expired: 'Your sign-in has expired',
    other: 'Something went wrong',
  },

  status: {
    label: 'Connection',
    connecting: 'Connecting…',
    online: 'Connected',
    waiting: 'No connection',
    offline: 'No network',
    ended: 'Disconnected',
    over: { websocket: 'WebSocket', 'websocket/h2': 'WebSocket · HTTP/2', sse: 'SSE', longpoll: 'Long polling' } as Readonly<Record<string, string>>,
    way: 'What carries the connection',
    auto: 'Automatic',
    next: (seconds: number) => n(seconds, { one: 'next try in # s', other: 'next try in # s' }),
    now: 'Try now',
    again: 'Connect again',
    unsent: (count: number) =>
      n(count, {
        one: '# message waits and will be sent by itself',
        other: '# messages wait and will be sent by themselves',
      }),
  },

  name: {
    ask: 'What should people call you?',
    field: 'Your name',
    save: 'Save',
    later: 'Not now',
    change: 'Change your name',
    long: 'A name has at most 64 bytes',
  },
};

/** Words is what a language must say: the same keys with the same shapes. */
export type Words = typeof en;
