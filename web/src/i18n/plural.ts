// Plurals by the language's own rules.

type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** plurals returns a function that puts a number into the form it takes: `#` stands for the number. */
export function plurals(locale: string): (n: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return (n, forms) => (forms[rules.select(n)] ?? forms.other).replace('#', numbers.format(n));
}

/** size says how many bytes as people do: 0.5 kB, 12 kB, 3.4 MB. */
export function size(locale: string, bytes: number): string {
  const [n, unit] = bytes < 1000 ? [bytes, 'byte'] : bytes < 1e6 ? [bytes / 1e3, 'kilobyte'] : [bytes / 1e6, 'megabyte'];
  return new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: n < 10 ? 1 : 0 }).format(n);
}
