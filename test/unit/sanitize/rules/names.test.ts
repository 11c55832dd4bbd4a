/** Names of files as the recipient sees them: what the sender called them never becomes a program's name, a path or a device. */
import { describe, expect, test } from 'vitest';
import type { SafeType } from '../../../../src/message/file-type.ts';
import { outputNames, type Placed, stemOf, treePaths } from '../../../../src/sanitize/names.ts';

const named = (untrustedStem: string, type: SafeType = 'pdf'): string =>
  outputNames([{ untrustedStem, type }])[0] ?? '';
const placed = (untrustedFolders: readonly string[], untrustedStem = 'a', type: SafeType = 'text'): Placed => ({
  untrustedFolders,
  untrustedStem,
  type,
});

const PROGRAMS =
  'exe com scr pif cpl dll sys drv bat cmd ps1 psm1 vbs vbe js jse wsf wsh sct hta msi msp mst jar lnk url scf reg inf hlp ' +
  'chm iso img vhd vhdx docm xlsm pptm xlam html htm svg py pl sh php';

describe('extensions of programs inside a name', () => {
  test.each(PROGRAMS.split(' '))('.%s goes, in any case, with blanks in it too', (extension) => {
    const spaced = extension.split('').join(' ');
    expect(named(`report.${extension}`)).toBe('report.pdf');
    expect(named(`report.${extension.toUpperCase()}.x`)).toBe('report.x.pdf');
    expect(named(`report.${spaced}`)).toBe('report.pdf');
  });

  test.each(['exercise', 'scripts', 'python', 'com2u', 'anexe', '議事録', '2026', 'docx'])('.%s stays', (piece) => {
    expect(named(`report.${piece}`)).toBe(`report.${piece}.pdf`);
  });

  test('the first piece is the name, whatever it is called', () => {
    expect(named('exe')).toBe('exe.pdf');
    expect(named('.exe')).toBe('attachment-1.pdf');
  });

  test('pieces lose their blanks before they are judged, and empty pieces go', () => {
    expect(named('a.exe\u3000.b')).toBe('a.b.pdf');
    expect(named('a.   exe')).toBe('a.pdf');
    expect(named('..a...b..')).toBe('a.b.pdf');
    expect(named(' . a  .  b . ')).toBe('a.b.pdf');
  });

  test('cutting a long name leaves no program’s extension at its end', () => {
    const stem = `${'a'.repeat(112)}.exercise`;
    expect(named(stem)).toBe(`${'a'.repeat(112)}.pdf`);
    expect(named(`${'a'.repeat(110)}.exercise`)).toBe(`${'a'.repeat(110)}.exerc.pdf`);
  });
});

describe('names that are no names', () => {
  const DEVICES = 'con prn aux nul clock$ conin$ conout$ com0 com1 com9 com¹ com³ lpt0 lpt5 lpt9 lpt²';
  test.each(DEVICES.split(' '))('%s is a device of Windows: led by an underscore', (device) => {
    expect(named(device)).toBe(`_${device}.pdf`);
    expect(named(device.toUpperCase())).toBe(`_${device.toUpperCase()}.pdf`);
    expect(named(`${device}.2026`)).toBe(`_${device}.2026.pdf`);
    expect(named(`${device} .2026`)).toBe(`_${device}.2026.pdf`);
  });

  test.each(['console', 'a con', 'icon', 'com', 'coma', 'com12', 'lptx', 'conin', 'nullify', 'a.nul'])(
    '%s is none',
    (stem) => {
      expect(named(stem)).toBe(`${stem}.pdf`);
    },
  );

  test.each(['', '...', ' ', '\u3000', '/', '\\', '\u200b', '\0', '. .'])(
    '%j: the number of the attachment',
    (stem) => {
      expect(
        outputNames([
          { untrustedStem: 'a', type: 'pdf' },
          { untrustedStem: stem, type: 'text' },
        ]),
      ).toEqual(['a.pdf', 'attachment-2.txt']);
    },
  );
});

describe('characters', () => {
  test.each([
    ['C:\\Users\\x\\a', 'a'],
    ['../../etc/passwd', 'passwd'],
    ['a/', 'a'],
    ['a/ /', 'a'],
    ['a:b*c?d"e<f>g|h', 'a_b_c_d_e_f_g_h'],
    ['a\tb\nc\u00a0d', 'a b c d'],
    ['a    b', 'a b'],
    ['a \t b', 'a b'],
    ['a\0b', 'ab'],
    ['報告\u202Efdp', '報告fdp'],
    ['辻\u{E0100}と葛\uFE00', '辻と葛'],
    ['か\u3099', 'が'],
  ])('%j is shown as %j', (stem, shown) => {
    expect(named(stem)).toBe(`${shown}.pdf`);
  });

  test('what stands behind 4,096 characters is not looked at', () => {
    expect(named(`${'/'.repeat(4096)}evil`)).toBe('attachment-1.pdf');
    expect(named(`${'/'.repeat(4095)}e`)).toBe('e.pdf');
  });

  test('120 code points with the extension, characters beyond the first plane counted once', () => {
    expect([...named('𠮷'.repeat(200))]).toHaveLength(120);
    expect(named('a'.repeat(116))).toBe(`${'a'.repeat(116)}.pdf`);
    expect(named('a'.repeat(117))).toBe(`${'a'.repeat(116)}.pdf`);
  });
});

describe('extensions', () => {
  test('one of the same kind is not doubled', () => {
    expect(named('a.pdf')).toBe('a.pdf');
    expect(named('a.PDF')).toBe('a.pdf');
    expect(named('a. pdf')).toBe('a.pdf');
    expect(named('a.pdf.pdf')).toBe('a.pdf.pdf');
    expect(named('a.exe.pdf')).toBe('a.pdf');
    expect(named('apdf')).toBe('apdf.pdf');
  });

  test.each([
    ['a.docx', 'a'],
    ['a.b.x', 'a.b'],
    ['a.x12345', 'a.x12345'],
    ['a.12345', 'a'],
    ['a.pdf \0', 'a'],
    ['a.', 'a.'],
    ['a.日本', 'a.日本'],
    ['a', 'a'],
    ['a.p-f', 'a.p-f'],
  ])('the stem of %j is %j', (name, stem) => {
    expect(stemOf(name)).toBe(stem);
  });
});

describe('unique in the message', () => {
  test('further ones are numbered from two, whatever their case or width', () => {
    expect(outputNames(['a', 'A', 'ａ', 'b', 'a'].map((untrustedStem) => ({ untrustedStem, type: 'pdf' })))).toEqual([
      'a.pdf',
      'A (2).pdf',
      'ａ (3).pdf',
      'b.pdf',
      'a (4).pdf',
    ]);
  });

  test('another extension is another name', () => {
    expect(
      outputNames([
        { untrustedStem: 'a', type: 'pdf' },
        { untrustedStem: 'a', type: 'text' },
      ]),
    ).toEqual(['a.pdf', 'a.txt']);
  });

  test('a numbered name keeps within 120 too', () => {
    const long = { untrustedStem: 'a'.repeat(200), type: 'pdf' } as const;
    const [, second = ''] = outputNames([long, long]);
    expect(second).toBe(`${'a'.repeat(112)} (2).pdf`);
  });
});

describe('paths in an archive', () => {
  test('folders are cleaned like names and keep their order', () => {
    expect(treePaths([placed(['総務', '2026'], '報告', 'pdf')])).toEqual(['総務/2026/報告.pdf']);
    expect(treePaths([placed(['a:b', 'x.exe', '..', '', 'CON', 'a/b\\c'])])).toEqual([
      'a_b/x/folder/folder/_CON/c/a.txt',
    ]);
    expect(treePaths([placed([])])).toEqual(['a.txt']);
    expect(treePaths([placed(['a.txt.'])])).toEqual(['a.txt/a.txt']);
  });

  test('a folder met again in another case is the folder first met', () => {
    expect(
      treePaths([
        placed(['Data'], 'a'),
        placed(['DATA'], 'b'),
        placed(['ｄａｔａ', 'x'], 'c'),
        placed(['data', 'X'], 'd'),
      ]),
    ).toEqual(['Data/a.txt', 'Data/b.txt', 'Data/x/c.txt', 'Data/x/d.txt']);
  });

  test('files of one folder are unique, those of two folders need not be', () => {
    expect(treePaths([placed(['x']), placed(['x'], 'A'), placed(['x']), placed(['y']), placed([])])).toEqual([
      'x/a.txt',
      'x/A (2).txt',
      'x/a (3).txt',
      'y/a.txt',
      'a.txt',
    ]);
  });

  test('no file is called like a folder beside it, whichever came first', () => {
    expect(treePaths([placed([], 'a'), placed(['A.txt'], 'b')])).toEqual(['a (2).txt', 'A.txt/b.txt']);
    expect(treePaths([placed(['a.txt'], 'b'), placed([], 'a')])).toEqual(['a.txt/b.txt', 'a (2).txt']);
  });

  test('files without a name get the number of the attachment', () => {
    expect(treePaths([placed(['x'], ''), placed(['x'], '/', 'pdf')])).toEqual([
      'x/attachment-1.txt',
      'x/attachment-2.pdf',
    ]);
  });

  test('sixteen folders at most, sixty code points each, and no program’s extension where one is cut', () => {
    const deep = Array.from({ length: 18 }, (_, i) => `f${i}`);
    expect(treePaths([placed(deep)])).toEqual([`${deep.slice(0, 16).join('/')}/a.txt`]);
    expect(treePaths([placed(['𠮷'.repeat(70)])])).toEqual([`${'𠮷'.repeat(60)}/a.txt`]);
    expect(treePaths([placed([`${'a'.repeat(56)}.exercise`])])).toEqual([`${'a'.repeat(56)}/a.txt`]);
  });
});
