/** Names in our ZIPs: docs/output-grammar.md §9, each file by the rules of §5, each folder by those of a stem. */
import { forbiddenCharacter } from './characters.ts';

const MAX_FOLDERS = 16;
const MAX_FOLDER = 60;
const MAX_FILE = 120;

const PROGRAM =
  /^(?:exe|com|scr|pif|cpl|dll|sys|drv|bat|cmd|ps1|psm1|vbs|vbe|jse?|ws[fh]|sct|hta|ms[ipt]|jar|lnk|url|scf|reg|inf|hlp|chm|iso|img|vhdx?|docm|xlsm|pptm|xlam|html?|svg|py|pl|sh|php)$/i;
const DEVICE = /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *$/i;
const SELECTOR = /[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/u;

/** What is wrong with a path; '' when nothing is. @param extension of the file's type, without dot */
export function pathProblem(path: string, extension: string): string {
  const folders = path.split('/');
  const file = folders.pop() ?? '';
  if (folders.length > MAX_FOLDERS) return 'too many folders';
  for (const folder of folders) {
    const problem = segmentProblem(folder, folder, MAX_FOLDER);
    if (problem !== '') return `folder: ${problem}`;
  }
  if (!file.endsWith(`.${extension}`)) return 'another extension than the type has';
  return segmentProblem(file, file.slice(0, -(extension.length + 1)), MAX_FILE);
}

/** @param stem of a file: without its extension; of a folder: all of it */
function segmentProblem(segment: string, stem: string, maxCodePoints: number): string {
  if (stem === '' || /^[. ]|[. ]$/.test(stem) || / {2}/.test(segment)) return 'empty, or dots or spaces at an end';
  if (segment !== segment.normalize('NFC')) return 'not NFC';
  if ([...segment].length > maxCodePoints) return 'too long';
  if (/[\t\r\n\\:*?"<>|]/.test(segment) || SELECTOR.test(segment)) return 'a character that paths give a meaning';
  const forbidden = forbiddenCharacter(segment);
  if (forbidden !== '') return `forbidden character ${forbidden}`;
  if (
    stem
      .split('.')
      .slice(1)
      .some((part) => PROGRAM.test(part))
  )
    return 'a second extension of a program';
  return DEVICE.test(segment.split('.')[0] ?? '') ? 'the name of a device' : '';
}
