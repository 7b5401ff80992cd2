import { describe, expect, test } from 'vitest';
import type { SendBody } from '@veche/client';
import { isLong, preview, view } from './body.ts';

const bytes = (type: string, size: number) => `${type} ${size}`;

describe('what a body looks like', () => {
  test.each<[SendBody, object]>([
    ['plain', { kind: 'text', text: 'plain' }],
    ['<b>', { kind: 'text', text: '<b>' }],
    [{ text: 'hi' }, { kind: 'text', text: 'hi' }],
    [{ text: 1 }, { kind: 'code', text: '{\n  "text": 1\n}' }],
    [{}, { kind: 'code', text: '{}' }],
    [[1], { kind: 'code', text: '[\n  1\n]' }],
    [null, { kind: 'code', text: 'null' }],
    [0, { kind: 'code', text: '0' }],
  ])('%j', (body, want) => expect(view({ body })).toEqual(want));

  test('bytes have a type and a size', () => {
    const body = new Uint8Array(3);
    expect(view({ body })).toMatchObject({ kind: 'bytes', type: 'application/octet-stream', size: 3 });
    expect(view({ body, content: 'image/png' })).toMatchObject({ type: 'image/png', size: 3 });
  });

  test.each(['text/html', 'image/svg+xml', 'application/xhtml+xml', 'text/xml', 'application/pdf'])(
    'a download of %s is no document of this origin',
    (content) => {
      const shown = view({ body: new Uint8Array(1), content });
      expect(shown.kind === 'bytes' && shown.blob().type).toBe('application/octet-stream');
    },
  );

  test('a preview is one short line', () => {
    expect(preview({ body: { text: ' a\n\n b\t c ' } }, bytes)).toBe('a b c');
    expect(preview({ body: 'x'.repeat(1e5) }, bytes)).toHaveLength(120);
    expect(preview({ body: { a: 1 } }, bytes)).toBe('{ "a": 1 }');
    expect(preview({ body: new Uint8Array(9) }, bytes)).toBe('application/octet-stream 9');
  });

  test('long is long or high', () => {
    expect(isLong('x'.repeat(1000))).toBe(false);
    expect(isLong('x'.repeat(2000))).toBe(true);
    expect(isLong('\n'.repeat(30))).toBe(true);
  });
});
