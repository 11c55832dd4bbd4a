/**
 * What 7-Zip prints of an archive's entries (`l -slt -ba`) → values.
 *
 * Danger: names and comments stand in the same text as the facts, so an entry could tell of another that is not there.
 * Method: 7-Zip prints no control character of a name; whatever is read here must agree, entry by entry, with the files
 * that it makes afterwards (archive.ts), or nothing of the archive goes on.
 */

/** One entry, folders included, as the archive tells it. */
export interface Member {
  /** Folders included, `/` between them; control characters are `_`. */
  readonly untrustedName: string;
  /** Unpacked; undefined where the format does not tell beforehand. */
  readonly bytes: number | undefined;
  readonly crc: number | undefined;
  readonly isFolder: boolean;
  readonly isEncrypted: boolean;
  /** Neither file nor folder: what it is instead. */
  readonly special: '' | 'symbolic link' | 'hard link' | 'special file' | 'alternate stream';
  /** Begins in the volume before this one, or goes on in the next. */
  readonly isSplit: boolean;
}

/** Entries in the order of the archive; undefined when there are more than allowed. */
export function membersOf(printed: string, maxMembers: number): readonly Member[] | undefined {
  const members: Member[] = [];
  let record = new Map<string, string>();
  const finish = (): void => {
    if (record.size > 0) members.push(memberOf(record));
    record = new Map();
  };
  for (const line of printed.split('\n')) {
    const [, key, value] = /^([A-Z][A-Za-z ]{1,30}) = ?(.*)$/.exec(line) ?? [];
    if (key === 'Path') finish();
    if (members.length > maxMembers) return undefined;
    // The first telling of each counts: what a comment repeats comes later.
    if (key !== undefined && value !== undefined && (key === 'Path' || record.size > 0) && !record.has(key)) {
      record.set(key, value);
    }
  }
  finish();
  return members.length > maxMembers ? undefined : members;
}

function memberOf(record: ReadonlyMap<string, string>): Member {
  const said = (key: string): string => record.get(key) ?? '';
  const attributes = said('Attributes');
  const unixType = /(?:^| )([-dlbcps])[-rwxstST]{9}/.exec(attributes)?.[1] ?? '';
  return {
    untrustedName: said('Path'),
    bytes: /^\d{1,15}$/.test(said('Size')) ? Number(said('Size')) : undefined,
    crc: /^[0-9A-F]{8}$/.test(said('CRC')) ? Number.parseInt(said('CRC'), 16) : undefined,
    isFolder: said('Folder') === '+' || attributes.startsWith('D') || unixType === 'd',
    isEncrypted: said('Encrypted') === '+',
    special: specialOf(record, unixType),
    isSplit: said('Split Before') === '+' || said('Split After') === '+',
  };
}

function specialOf(record: ReadonlyMap<string, string>, unixType: string): Member['special'] {
  if (unixType === 'l' || (record.get('Symbolic Link') ?? '') !== '') return 'symbolic link';
  if ((record.get('Hard Link') ?? '') !== '' || (record.get('Copy Link') ?? '') !== '') return 'hard link';
  if (record.get('Alternate Stream') === '+') return 'alternate stream';
  return unixType === '' || unixType === '-' || unixType === 'd' ? '' : 'special file';
}
