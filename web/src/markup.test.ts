// Text is text: nothing in the sources can make markup of what somebody wrote.

import { expect, test } from 'vitest';

const all = import.meta.glob<string>('./**/*.{svelte,ts}', { query: '?raw', import: 'default', eager: true });
const sources = Object.entries(all).filter(([name]) => !name.endsWith('.test.ts'));

const forbidden = /\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|srcdoc|\sstyle="/;

test('there are sources', () => expect(sources.length).toBeGreaterThan(30));

test.each(sources)('%s makes no markup of text and has no inline style', (_, source) => {
  expect(source).not.toMatch(forbidden);
});
