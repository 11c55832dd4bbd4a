/** Versions of what is measured, as its own packager calls them. */
import { execFileSync } from 'node:child_process';

/** @returns `name version, …`; a package that dpkg does not know is left out. */
export const debianVersions = (names: readonly string[]): string =>
  names
    .flatMap((name) => {
      const version = debianVersion(name);
      return version === '' ? [] : [`${name} ${version}`];
    })
    .join(', ');

function debianVersion(name: string): string {
  try {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholder
    const format = '-f=${Version}';
    return execFileSync('dpkg-query', ['-W', format, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
