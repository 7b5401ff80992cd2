import { describe, expect, test } from 'vitest';
import { en } from './en.ts';
import { locale, pick } from './pick.ts';
import { plurals, size } from './plural.ts';
import { ru } from './ru.ts';

// That both have the same keys is the type checker's to see; here, that each says something of its own.
function said(words: object, path = ''): [string, string][] {
  return Object.entries(words).flatMap(([key, value]): [string, string][] => {
    const at = `${path}.${key}`;
    if (typeof value === 'string') return [[at, value]];
    if (typeof value === 'object') return said(value, at);
    const argument = /typing/.test(key) ? ['Ann', 'Боб'] : /bytes|start|log|field|guest|tooLong/.test(key) ? 'x' : 5;
    return [[at, String(value(argument, 'y'))]];
  });
}

describe.each([
  ['en', en],
  ['ru', ru],
])('%s', (_, words) => {
  test.each(said(words))('%s: %s', (_, text) => {
    expect(text.trim()).not.toBe('');
    expect(text).not.toMatch(/undefined|NaN|\[object|#$|^#/);
  });
});

test('Russian is Russian, but for names and the way to English', () => {
  const latin = said(ru).filter(([at, text]) => !/[а-яё]/i.test(text) && !/\.(over|language|other|bytes)/.test(at));
  expect(latin).toEqual([]);
});

test.each([
  [1, '1 новое сообщение'],
  [2, '2 новых сообщения'],
  [5, '5 новых сообщений'],
  [11, '11 новых сообщений'],
  [21, '21 новое сообщение'],
])('%d in Russian', (count, want) => expect(ru.room.fresh(count)).toBe(want));

test('a missing form falls back to the general one', () => {
  expect(plurals('ru')(3, { other: 'и ещё #' })).toBe('и ещё 3');
});

test.each([
  [['ru-RU', 'en'], 'ru'],
  [['de', 'RU', 'en'], 'ru'],
  [['de-AT', 'fr'], 'en'],
  [[], 'en'],
])('%j is read in %s', (wanted, want) => expect(pick(wanted)).toBe(want));

test('dates follow the variant of the language', () => {
  expect(locale('en', ['de', 'en-GB', 'en'])).toBe('en-GB');
  expect(locale('ru', ['en-GB'])).toBe('ru');
});

test.each([
  [1, '1 byte'],
  [512, '512 bytes'],
  [1_500, '1.5 kB'],
  [48_213, '48 kB'],
  [3_400_000, '3.4 MB'],
])('%d bytes', (n, want) => expect(size('en', n)).toBe(want));
