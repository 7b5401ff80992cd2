// What a person has chosen on this device.

import { pick, type Language } from '../i18n/pick.ts';
import { Stored } from './stored.svelte.ts';

const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** What may carry the connection; `auto`: whatever gets through. */
export const ways = ['auto', 'websocket', 'sse', 'longpoll'] as const;
export type Way = (typeof ways)[number];

const isWay = (v: unknown): v is Way => ways.includes(v as Way);
const isTheme = (v: unknown): v is Theme => themes.includes(v as Theme);
const isLanguage = (v: unknown): v is Language => v === 'en' || v === 'ru';
const isString = (v: unknown): v is string => typeof v === 'string';
const isStrings = (v: unknown): v is readonly string[] => Array.isArray(v) && v.every(isString);

export const theme = new Stored<Theme>('theme', 'auto', isTheme);
export const language = new Stored<Language>('language', pick(navigator.languages), isLanguage);

export const way = new Stored<Way>('transport', 'auto', isWay);

/** The name one goes by; empty: not chosen yet. */
export const myName = new Stored<string>('name', '', isString);

/** "Not now" was the answer to the question for a name. */
export const unnamed = new Stored<boolean>('unnamed', false, (v): v is boolean => typeof v === 'boolean');

/** The rooms in the list. */
export const myRooms = new Stored<readonly string[]>('rooms', ['general'], isStrings);

/** nextTheme goes round: as the system, light, dark. */
export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!;
}
