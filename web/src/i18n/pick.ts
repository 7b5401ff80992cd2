// Which language the page speaks.

/** Language is one that the page is written in. */
export type Language = 'en' | 'ru';

/** pick takes the first of the browser's languages that the page speaks; English if it speaks none. */
export function pick(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0];
    if (base === 'en' || base === 'ru') return base;
  }
  return 'en';
}

/** locale is the browser's own variant of a language (en-GB writes dates otherwise than en-US). */
export function locale(language: Language, wanted: readonly string[]): string {
  return wanted.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;
}
