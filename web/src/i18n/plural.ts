// Plurals by the language's own rules.

type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** plurals returns a function that puts a number into the form it takes: `#` stands for the number. */
export function plurals(locale: string): (n: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return (n, forms) => (forms[rules.select(n)] ?? forms.other).replace('#', numbers.format(n));
}

/** size says how many bytes as people do: 512 bytes, 12 kB, 3.4 MB. */
export function size(locale: string, bytes: number): string {
  const say = (n: number, unit: string, unitDisplay: 'short' | 'long') =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay, maximumFractionDigits: n < 10 ? 1 : 0 }).format(n);
  if (bytes < 1e3) return say(bytes, 'byte', 'long');
  return bytes < 1e6 ? say(bytes / 1e3, 'kilobyte', 'short') : say(bytes / 1e6, 'megabyte', 'short');
}
