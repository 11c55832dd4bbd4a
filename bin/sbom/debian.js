/** Packages of the image's Debian, from `dpkg-query -W -f '${Package}\t${Version}\t${Architecture}\n'`. */

const escaped = (text) => encodeURIComponent(text).replaceAll('%7E', '~');

/** @param release as in `debian-13` @throws Error on a line that is none of dpkg-query's */
export function debianComponents(listing, release) {
  return listing
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name, version, architecture, ...more] = line.split('\t');
      if (architecture === undefined || more.length > 0) throw new Error(`not dpkg-query's: ${line}`);
      const purl = `pkg:deb/debian/${escaped(name)}@${escaped(version)}?arch=${architecture}&distro=${release}`;
      return { type: 'library', 'bom-ref': purl, name, version, purl };
    })
    .sort((a, b) => (a.purl < b.purl ? -1 : 1));
}
