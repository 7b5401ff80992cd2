// The words in the chosen language.

import { en, type Words } from '../i18n/en.ts';
import { locale } from '../i18n/pick.ts';
import { size } from '../i18n/plural.ts';
import { ru } from '../i18n/ru.ts';
import { language } from './prefs.svelte.ts';

const all = { en, ru };

class I18n {
  /** What the page says. */
  get t(): Words {
    return all[language.value];
  }

  /** For dates and numbers: the browser's own variant of the language. */
  get locale(): string {
    return locale(language.value, navigator.languages);
  }

  size(bytes: number): string {
    return size(this.locale, bytes);
  }

  bytes = (type: string, bytes: number): string => this.t.message.bytes(type, this.size(bytes));

  /** What a person is called: a guest who chose no name goes by the end of the id. */
  called = ({ id, name }: { id: string; name: string }): string => name || this.t.people.guest(id.slice(-4));

  toggle(): void {
    language.value = language.value === 'en' ? 'ru' : 'en';
  }
}

export const i18n = new I18n();
