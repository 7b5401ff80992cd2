import { expect, test } from 'vitest';
import { bytes, clean, fromHash, toHash } from './roomname.ts';

test.each([
  ['general', 'general'],
  ['  #general ', 'general'],
  ['два слова', 'два слова'],
  ['a#b/c?d', 'a#b/c?d'],
  ['', undefined],
  ['#', undefined],
  ['~ann', undefined],
  ['a\u0000b', undefined],
  ['a\nb', undefined],
  ['я'.repeat(64), 'я'.repeat(64)],
  ['я'.repeat(65), undefined],
])('%j is the room %j', (typed, want) => expect(clean(typed)).toBe(want));

test.each(['general', 'два слова', 'a#b/c?d%', '100%', '🔔'])('the address of %j leads to it', (name) => {
  expect(fromHash(toHash(name))).toBe(name);
});

test.each(['', '#', '#%', '#%ff', '#%00'])('%j leads nowhere', (hash) => expect(fromHash(hash)).toBeUndefined());

test('bytes are those of UTF-8', () => expect(bytes('aя🔔')).toBe(7));
