import { describe, expect, test } from 'vitest';
import type { Message } from '@veche/client';
import { around, cap, empty, live, newer, older, page, rest, type Window } from './window.ts';

const message = (seq: number): Message => ({ room: 'r', seq, from: 'u', name: '', at: new Date(0), kind: '', body: 'x' });
const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const span = (w: Window) => [w.messages[0]?.seq, w.messages.at(-1)?.seq, w.messages.length];
const follow = (w: Window, from: number, to: number, following: boolean) =>
  run(from, to).reduce((w, m) => live(w, m, following), w);

describe('the window on a log', () => {
  test('follows the log and never holds more than its bound', () => {
    const w = follow(empty, 1, 10_000, true);
    expect(w.messages.length).toBeLessThanOrEqual(cap);
    expect(w.messages.at(-1)!.seq).toBe(10_000);
    expect(w).toMatchObject({ start: false, tail: true });
  });

  test('nothing moves under someone who reads further up', () => {
    const full = follow(empty, 1, cap, true);
    const w = follow(full, cap + 1, cap + 100, false);
    expect(span(w)).toEqual([1, cap, cap]);
    expect(w.tail).toBe(false);
  });

  test('takes no message twice', () => {
    const w = follow(empty, 5, 9, true);
    expect(live(w, message(9), true)).toBe(w);
    expect(span(older(w, run(1, 5)))).toEqual([1, 9, 9]);
    expect(span(newer(w, run(9, 12), 12))).toEqual([5, 12, 8]);
  });

  test('goes back to the beginning and forward to the end of 10,000', () => {
    let w = around(run(9_951, 10_000), 10_000);
    let steps = 0;
    while (!w.start && steps++ < 1_000) {
      const first = w.messages[0]!.seq;
      w = older(w, run(Math.max(1, first - page), first - 1));
      expect(w.messages.length).toBeLessThanOrEqual(cap);
    }
    expect(span(w)).toEqual([1, cap, cap]);
    expect(w.tail).toBe(false);
    while (!w.tail && steps++ < 1_000) {
      const last = w.messages.at(-1)!.seq;
      w = newer(w, run(last + 1, Math.min(10_000, last + page)), 10_000);
    }
    expect(span(w)).toEqual([10_000 - cap + 1, 10_000, cap]);
    expect(w.start).toBe(false);
  });

  test('an empty page is the beginning, or the end', () => {
    const w = around(run(40, 60), 90); // 1..39 were trimmed
    expect(older(w, []).start).toBe(true);
    expect(newer(w, [], 90).tail).toBe(true);
  });

  test('a page from the middle is neither', () => {
    expect(around(run(40, 60), 90)).toMatchObject({ start: false, tail: false });
    expect(around(run(1, 60), 60)).toMatchObject({ start: true, tail: true });
    expect(around([], 0)).toMatchObject({ start: false, tail: true });
  });

  test('a room off the screen holds a page at most', () => {
    const full = follow(empty, 1, cap, true);
    expect(span(rest(full))).toEqual([cap - page + 1, cap, page]);
    expect(rest(full)).toMatchObject({ start: false, tail: true });
    expect(rest(around(run(40, 60), 90))).toEqual({ messages: [], start: false, tail: false });
    const w = run(cap + 1, cap + 1_000).reduce((held, m) => live(held, m, true, page), rest(full));
    expect(w.messages.length).toBeLessThanOrEqual(page);
    expect(w.messages.at(-1)!.seq).toBe(cap + 1_000);
  });

  test('off the tail, live messages are left for later', () => {
    const w = around(run(1, 50), 100);
    expect(live(w, message(101), true)).toBe(w);
  });
});
