// What went wrong, in the reader's language.

import { i18n } from './i18n.svelte.ts';

/** describe says an error by its code; the server's own sentences are English and for programs. */
export function describe(error: unknown): string {
  const words: Record<string, string> = i18n.t.errors;
  const code = error && typeof error === 'object' && 'code' in error ? String(error.code) : '';
  return Object.hasOwn(words, code) ? words[code]! : words.other!;
}
