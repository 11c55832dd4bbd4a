/** Version ranges as CycloneDX writes them (VERS, `vers:npm/>=5.0.0|<5.3.2`), for plain dotted versions. */

/** Numbers of a version, dots and dashes alike; what is no number is compared as text. */
const pieces = (version: string): readonly string[] => version.split(/[.-]/);

function compare(a: string, b: string): number {
  const [left, right] = [pieces(a), pieces(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x = '0', y = '0'] = [left[i], right[i]];
    const numeric = /^\d+$/.test(x) && /^\d+$/.test(y);
    if (numeric ? Number(x) !== Number(y) : x !== y) return (numeric ? Number(x) < Number(y) : x < y) ? -1 : 1;
  }
  return 0;
}

/** All conditions of the range hold. @throws Error on a range of another form */
export function contains(range: string, version: string): boolean {
  const [, conditions] = /^vers:[a-z]+\/(.+)$/.exec(range) ?? [];
  if (conditions === undefined) throw new Error(`no range: ${range}`);
  return conditions.split('|').every((condition) => {
    const [, operator = '', bound = ''] = /^(>=|<=|<|>)?(.+)$/.exec(condition) ?? [];
    const order = compare(version, bound);
    return { '>=': order >= 0, '<=': order <= 0, '<': order < 0, '>': order > 0, '': order === 0 }[operator] ?? false;
  });
}
