// What went wrong, in the reader's language.

import { VecheError } from '@veche/client';
import { i18n } from './i18n.svelte.ts';

/** describe says an error by its code; the server's own sentences are English and for programs. */
export function describe(error: unknown): string {
  const words: Record<string, string> = i18n.t.errors;
  return (error instanceof VecheError && words[error.code]) || i18n.t.errors.other;
}
