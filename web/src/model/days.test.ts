import { describe, expect, test } from 'vitest';
import { brief, dayKey, dayLabel } from './days.ts';

const now = new Date(2026, 10, 22, 0, 30);

describe('days as people say them', () => {
  test.each([
    [new Date(2026, 10, 22, 0, 1), 'en', 'Today'],
    [new Date(2026, 10, 21, 23, 59), 'en', 'Yesterday'],
    [new Date(2026, 10, 20, 12), 'en-GB', 'Friday 20 November'],
    [new Date(2024, 1, 29, 12), 'en-GB', '29 February 2024'],
    [new Date(2026, 10, 22, 0, 1), 'ru', 'Сегодня'],
    [new Date(2026, 10, 21, 0, 0), 'ru', 'Вчера'],
    [new Date(2026, 10, 20, 12), 'ru', 'Пятница, 20 ноября'],
  ])('%s %s', (at, locale, want) => expect(dayLabel(at, now, locale)).toBe(want));

  test('a day is the local day', () => {
    expect(dayKey(new Date(2026, 2, 29, 0, 0))).toBe(dayKey(new Date(2026, 2, 29, 23, 59)));
    expect(dayKey(new Date(2026, 2, 29, 23, 59))).not.toBe(dayKey(new Date(2026, 2, 30, 0, 0)));
  });

  test('brief is a clock today and a day before', () => {
    expect(brief(new Date(2026, 10, 22, 0, 5), now, 'en-GB')).toBe('00:05');
    expect(brief(new Date(2026, 10, 20, 9, 5), now, 'en-GB')).toBe('20 Nov');
  });
});
