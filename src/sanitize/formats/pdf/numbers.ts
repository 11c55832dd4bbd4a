/** Numbers as our grammar writes them (docs/output-grammar-pdf.md §1): shortest decimal, never an exponent, never `-0`. */

/** @param digits most fraction digits, 0 to 4. */
export function num(value: number, digits: number): string {
  if (!Number.isFinite(value)) throw new RangeError('not a finite number');
  const fixed = value.toFixed(digits);
  const short = fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
  return short === '-0' ? '0' : short;
}
