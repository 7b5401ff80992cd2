// Days and times as people say them, in their own time zone and language.

/** dayKey names the local day of a moment: two moments of one day have the same key. */
export function dayKey(at: Date): string {
  return `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`;
}

/** dayLabel says which day it is: "Today", "Yesterday", "Friday, 20 November", with the year if it is another. */
export function dayLabel(at: Date, now: Date, locale: string): string {
  const ago = daysBetween(at, now);
  if (ago === 0 || ago === 1) {
    return capital(new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-ago, 'day'), locale);
  }
  const year = at.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  const weekday = year ? undefined : 'long';
  return capital(new Intl.DateTimeFormat(locale, { weekday, day: 'numeric', month: 'long', year }).format(at), locale);
}

/** clock is the time of day beside a message. */
export function clock(at: Date, locale: string): string {
  return format(locale, 'clock', { hour: '2-digit', minute: '2-digit' }).format(at);
}

/** moment is a message's full date and time, for its tooltip. */
export function moment(at: Date, locale: string): string {
  return format(locale, 'moment', { dateStyle: 'long', timeStyle: 'medium' }).format(at);
}

/** brief is the time in the room list: the clock today, else the day. */
export function brief(at: Date, now: Date, locale: string): string {
  if (daysBetween(at, now) === 0) return clock(at, locale);
  return format(locale, 'brief', { day: 'numeric', month: 'short' }).format(at);
}

// Days are counted by calendar, so that a change of the clocks does not shift them.
function daysBetween(at: Date, now: Date): number {
  const day = (d: Date) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate()) / 86_400_000;
  return day(now) - day(at);
}

function capital(text: string, locale: string): string {
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}

// Making a formatter costs more than a hundred uses of it.
const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${name}`;
  let f = formats.get(key);
  if (!f) formats.set(key, (f = new Intl.DateTimeFormat(locale, options)));
  return f;
}
