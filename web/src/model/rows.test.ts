import { describe, expect, test } from 'vitest';
import type { Message, Pending } from '@veche/client';
import { committed, rows, unsent, type Row } from './rows.ts';

const noon = new Date(2026, 10, 22, 12).getTime();
const minute = 60_000;

const message = (seq: number, from: string, at: number, cid?: string): Message => ({
  room: 'r', seq, from, name: from, at: new Date(at), kind: '', body: `${seq}`, ...(cid && { cid }),
});

// A layout in one line: a day is "|", what is new "*", a gap "(n)", a group "[1 2]".
function drawn(laid: readonly Row[]): string {
  return laid
    .map((row) => {
      if (row.kind === 'day') return '|';
      if (row.kind === 'new') return '*';
      if (row.kind === 'gap') return `(${row.count})`;
      return `${row.first ? '[' : ''}${row.entry.seq || 'p'}${row.last ? ']' : ''}`;
    })
    .join(' ');
}

const lay = (newFrom: number, ...messages: Message[]) => drawn(rows(messages.map((m) => committed(m, 'me')), newFrom));

describe('the layout of a log', () => {
  test('messages of one author that are close stand together', () => {
    expect(
      lay(0, message(1, 'a', noon), message(2, 'a', noon + minute), message(3, 'b', noon + minute), message(4, 'a', noon + minute)),
    ).toBe('| [1 2] [3] [4]');
  });

  test('five minutes part them', () => {
    expect(lay(0, message(1, 'a', noon), message(2, 'a', noon + 5 * minute - 1), message(3, 'a', noon + 10 * minute))).toBe(
      '| [1 2] [3]',
    );
  });

  test('a day line stands above the first message of each day', () => {
    const midnight = new Date(2026, 10, 23).getTime();
    expect(lay(0, message(1, 'a', midnight - 1), message(2, 'a', midnight))).toBe('| [1] | [2]');
  });

  test('the new line stands once, above the first unread, also if that is the first that is held', () => {
    expect(lay(2, message(1, 'a', noon), message(2, 'a', noon), message(3, 'a', noon))).toBe('| [1] * [2 3]');
    expect(lay(2, message(5, 'a', noon), message(6, 'a', noon))).toBe('| * [5 6]');
    expect(lay(9, message(1, 'a', noon))).toBe('| [1]');
  });

  test('a hole in the log is told', () => {
    expect(lay(0, message(1, 'a', noon), message(5, 'a', noon))).toBe('| [1] (3) [5]');
  });

  test('what is unsent comes last, in the group of what was sent', () => {
    const pending: Pending = { cid: 'x', kind: '', body: 'p', at: new Date(noon + minute), state: 'queued' };
    const entries = [committed(message(1, 'me', noon, 'w'), 'me'), unsent(pending, 'me', 'Me')];
    expect(drawn(rows(entries, 0))).toBe('| [1 p]');
    expect(drawn(rows(entries, 1))).toBe('| * [1 p]');
  });

  test('a message keeps its key through the commit', () => {
    const pending: Pending = { cid: 'x', kind: '', body: 'p', at: new Date(noon), state: 'sending' };
    expect(committed(message(7, 'me', noon, 'x'), 'me').key).toBe(unsent(pending, 'me', 'Me').key);
    expect(committed(message(7, 'other', noon, 'x'), 'me').key).not.toBe(unsent(pending, 'me', 'Me').key);
  });

  test('a message is wrapped once, and again only when one turns out to be its author', () => {
    const m = message(1, 'me', noon);
    expect(committed(m, undefined)).toBe(committed(m, undefined));
    expect(committed(m, 'me').mine).toBe(true);
  });
});
