import { describe, expect, test } from 'vitest';
import { split } from './links.ts';

const hrefs = (text: string) => split(text).flatMap((p) => (p.href ? [p.href] : []));

describe('links in plain text', () => {
  test.each([
    ['see https://example.org/a?b=c#d now', ['https://example.org/a?b=c#d']],
    ['(https://example.org/x_(y)) and https://example.org.', ['https://example.org/x_(y)', 'https://example.org/']],
    ['«https://пример.рф/путь»', ['https://xn--e1afmkfd.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C']],
    ['HTTP://EXAMPLE.ORG', ['http://example.org/']],
    ['javascript:alert(1) data:text/html,x ftp://example.org file:///etc/passwd', []],
    ['https:// http://', []],
    ['xhttps://example.org', []],
    ['https://example.org"onmouseover="alert(1)', ['https://example.org/']],
    ['<a href=https://example.org>x</a>', ['https://example.org/']],
  ])('%s', (text, want) => {
    expect(hrefs(text)).toEqual(want);
    expect(split(text).map((p) => p.text).join('')).toBe(text);
  });

  test('nothing but text', () => expect(split('a < b && c')).toEqual([{ text: 'a < b && c' }]));
});
