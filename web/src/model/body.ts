// What a body looks like on the page: text as text, other JSON as code, bytes as something to download.

import type { Message, Pending } from '@veche/client';

/** View is what is shown of a body. */
export type View =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'bytes'; type: string; size: number; blob: () => Blob };

type Carrier = Pick<Message, 'body' | 'content'> | Pick<Pending, 'body' | 'content'>;

/** view reads a message's body. `{"text": "…"}` is what this page sends; a bare string is what raw clients send. */
export function view({ body, content }: Carrier): View {
  if (typeof body === 'string') return { kind: 'text', text: body };
  if (body instanceof Uint8Array || body instanceof ArrayBuffer) {
    const type = content || 'application/octet-stream';
    return { kind: 'bytes', type, size: body.byteLength, blob: () => new Blob([body as BlobPart], { type: inert(type) }) };
  }
  if (body instanceof Blob) return { kind: 'bytes', type: content || body.type, size: body.size, blob: () => body };
  if (body !== null && typeof body === 'object' && 'text' in body && typeof body.text === 'string') {
    return { kind: 'text', text: body.text };
  }
  return { kind: 'code', text: JSON.stringify(body, null, 2) };
}

// A blob: address belongs to this page's origin, so what it holds must not be a document there.
function inert(type: string): string {
  return /^(image\/(png|jpeg|gif|webp|avif)|audio\/|video\/|text\/plain)/.test(type) ? type : 'application/octet-stream';
}

/** preview is a body in one short line; `bytes` words the rest. */
export function preview(carrier: Carrier, bytes: (type: string, size: number) => string): string {
  const shown = view(carrier);
  if (shown.kind === 'bytes') return bytes(shown.type, shown.size);
  return shown.text.slice(0, 400).replace(/\s+/gu, ' ').trim().slice(0, 120);
}

/** isLong tells whether a text is folded until one asks for the rest. */
export function isLong(text: string): boolean {
  return text.length > 1500 || (text.match(/\n/g)?.length ?? 0) > 18;
}
