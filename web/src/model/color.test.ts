import { expect, test } from 'vitest';
import { hue, hues, initial } from './color.ts';

test('an id keeps its hue, and near ids spread over all of them', () => {
  expect(hue('u1')).toBe(hue('u1'));
  const seen = new Set(Array.from({ length: 200 }, (_, i) => hue(`u${i}`)));
  expect(seen.size).toBe(hues);
});

test.each([
  ['anna', 'A'],
  ['  борис', 'Б'],
  ['@42', '4'],
  ['🦊', '🦊'],
  ['', '?'],
])('the initial of %j is %j', (name, want) => expect(initial(name)).toBe(want));
