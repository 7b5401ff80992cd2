// Bodies and their wire form: JSON and text go as they are, bytes go in base64.

import type { Fields } from './protocol.js'
import type { Body, Json, SendBody } from './types.js'

/**
 * The wire form of a body, and a copy: what becomes of the original later does not matter.
 *
 * @throws for what JSON cannot hold: cycles, BigInt, undefined.
 */
export function toFields(body: Exclude<SendBody, Blob>, content?: string): Fields {
  if (body instanceof ArrayBuffer) body = new Uint8Array(body)
  if (body instanceof Uint8Array) return { data: toBase64(body), content }
  return { body: JSON.parse(JSON.stringify(body)) as Json }
}

/** What {@link toFields} took; undefined if there is none, which only a signal may have. */
export function fromFields(fields: Fields): Body | undefined {
  return fields.data === undefined ? fields.body : fromBase64(fields.data)
}

function toBase64(bytes: Uint8Array): string {
  return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''))
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), char => char.charCodeAt(0))
}
