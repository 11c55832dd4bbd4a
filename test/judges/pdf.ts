/**
 * PDFs: every object, trailer and the frame of the bytes by pikepdf; `mutool show` and `qpdf --json` as second and third
 * opinion (readers with other code, so that a name hidden from one is seen by another); poppler's `pdfdetach` for files.
 */
import { readFileSync } from 'node:fs';
import { walk } from '../../bench/evidence/issue1/pdf-walker.ts';
import { openAviary } from '../kit/canary.ts';
import { pdfFile, pdfWithHistory } from '../kit/canary-files.ts';
import type { Control, Finding, Judge, Leaf, Subject } from './judge.ts';
import { letterSubject } from './letter.ts';
import { ownPdf } from './specimens.ts';
import { askProgram, output, program, pythonModule } from './tools.ts';

interface Place {
  readonly subject: string;
  readonly leaf: Leaf;
}

/** All leaves of a kind, with whose they are. */
export const leavesOf = (subjects: readonly Subject[], type: Leaf['type']): readonly Place[] =>
  subjects.flatMap(({ id, leaves }) =>
    leaves.filter((leaf) => leaf.type === type).map((leaf) => ({ subject: id, leaf })),
  );

export const pdfWalker: Judge = {
  name: 'pdf walker',
  looksFor: 'objects, keys, names, strings and streams that our writer does not make (pikepdf)',
  needs: [pythonModule('pikepdf', 'python3-pikepdf')],
  async judge(subjects) {
    const places = leavesOf(subjects, 'pdf');
    const answers = await askProgram<{ file: string }, readonly string[]>(
      'pdf_walk.py',
      places.map(({ leaf: { file } }) => ({ file })),
    );
    return places.flatMap(({ subject, leaf }, i) =>
      (answers[i] ?? []).map((what) => ({ subject, what: `${leaf.name}: ${what}` })),
    );
  },
  positiveControls: async (folder) =>
    controlsOf(folder, 'walker', {
      ...activeFiles(),
      'ends with something else': Buffer.concat([ownPdf(), Buffer.from('PK\x03\x04')]),
      'begins with something else': Buffer.concat([Buffer.from('MZ'), ownPdf()]),
      'another font program': changed(ownPdf(), '/Length1 568 /Length 568 >>\nstream\n', 40),
      'keys /Kids /Parent': Buffer.from(ownPdf().toString('latin1').replace('/Count 1', '/Parent 1'), 'latin1'),
      'active key /Annots': Buffer.from(ownPdf().toString('latin1').replace('/Contents', '/Annots  '), 'latin1'),
    }),
};

/** Active names outside of streams, as another reader sees them. */
const ACTIVE =
  /\/(?:JS|JavaScript|AA|OpenAction|Launch|EmbeddedFiles?|Filespec|URI|SubmitForm|ImportData|GoTo[RE]?|Named|Movie|Sound|Rendition|RichMedia\w*|Screen|Annots?|AcroForm|XFA|Widget|Metadata|Encrypt|OCProperties|OCG|Dests|Names|Threads?|Perms|DSS|StructTreeRoot|PieceInfo)\b/;

export const pdfOpinions: Judge = {
  name: 'pdf opinions',
  looksFor: 'active names (mutool show, qpdf --json), embedded files (pdfdetach)',
  needs: [program('qpdf', 'qpdf'), program('mutool', 'mupdf-tools'), program('pdfdetach', 'poppler-utils')],
  async judge(subjects) {
    const findings: Finding[] = [];
    for (const { subject, leaf } of leavesOf(subjects, 'pdf')) {
      const says = (what: string): number => findings.push({ subject, what: `${leaf.name}: ${what}` });
      for (const problem of walk(leaf.file, readFileSync(leaf.file)).problems.slice(0, 5)) says(`qpdf: ${problem}`);
      const objects = await output('mutool', ['show', leaf.file, 'trailer', 'grep']);
      const name = ACTIVE.exec(objects.out);
      if (name !== null) says(`mutool: ${name[0]}`);
      if (/warning|error|repair/i.test(objects.error)) says(`mutool: ${objects.error.trim().slice(0, 100)}`);
      const files = await output('pdfdetach', ['-list', leaf.file]);
      if (files.out.trim() !== '0 embedded files') says(`pdfdetach: ${(files.out + files.error).trim().slice(0, 100)}`);
    }
    return findings;
  },
  positiveControls: async (folder) => [
    ...(await controlsOf(folder, 'opinions', activeFiles('(?:mutool|qpdf): '))),
    ...(await controlsOf(folder, 'mutool', { 'mutool: /': pdfFile(openAviary()) })),
    ...(await controlsOf(folder, 'pdfdetach', { 'pdfdetach: 1 embedded': minimalPdf(EMBEDDED) })),
    ...(await controlsOf(folder, 'behind', {
      'qpdf: ': Buffer.concat([Buffer.from('%PDF-1.7\nMZ'), ownPdf().subarray(9)]),
    })),
  ],
};

async function controlsOf(
  folder: string,
  about: string,
  files: Readonly<Record<string, Buffer>>,
): Promise<readonly Control[]> {
  return Object.entries(files).map(([says, bytes], i) => ({
    subject: letterSubject(folder, `${about} ${i}`, { files: [{ name: 'a.pdf', type: 'pdf', bytes }] }),
    says: new RegExp(says),
  }));
}

/** One byte behind this text is another one. */
function changed(bytes: Buffer, text: string, behind: number): Buffer {
  const at = bytes.indexOf(text, 0, 'latin1') + text.length + behind;
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** PDFs that do something, with what must be said of each. The alert box is the worst of them. */
function activeFiles(before = ''): Readonly<Record<string, Buffer>> {
  const action = (entries: string): Buffer => minimalPdf({ catalog: `/OpenAction << ${entries} >>` });
  const name = (text: string): string => `${before}.*${text}`;
  return {
    [name('OpenAction')]: action('/S /JavaScript /JS (app.alert\\(1\\))'),
    [name('(?:OpenAction|Open#41ction) ?')]: minimalPdf({ catalog: '/Open#41ction << /S /J#61vaScript /JS (1) >>' }),
    [name('(?:Launch|OpenAction)')]: action('/S /Launch /F (calc.exe)'),
    [name('(?:URI|OpenAction)')]: action('/S /URI /URI (http://t.example.invalid/)'),
    [name('AA')]: minimalPdf({ page: '/AA << /O << /S /JavaScript /JS (1) >> >>' }),
    [name('Annots')]: minimalPdf({ page: '/Annots [ << /Type /Annot /Subtype /Link /Rect [0 0 1 1] >> ]' }),
    [name('(?:EmbeddedFiles|Names)')]: minimalPdf(EMBEDDED),
    [name('(?:AcroForm|XFA)')]: minimalPdf({ catalog: '/AcroForm << /XFA (x) /Fields [] >>' }),
    [name('(?:OCProperties|OCG|PieceInfo|Annot|active)')]: pdfFile(openAviary()),
    [name('(?:more than one revision|trailer|name|keys)')]: pdfWithHistory(openAviary()),
  };
}

interface Extras {
  readonly catalog?: string;
  readonly page?: string;
  readonly objects?: readonly string[];
}

const EMBEDDED: Extras = {
  catalog: '/Names << /EmbeddedFiles << /Names [(a.exe) 4 0 R] >> >>',
  objects: [
    '<< /Type /Filespec /F (a.exe) /EF << /F 5 0 R >> >>',
    '<< /Type /EmbeddedFile /Length 2 >>\nstream\nMZ\nendstream',
  ],
};

function minimalPdf({ catalog = '', page = '', objects = [] }: Extras): Buffer {
  const all = [
    `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] ${page} >>`,
    ...objects,
  ];
  let text = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n';
  const offsets = all.map((object, i) => {
    const at = text.length;
    text += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(at).padStart(10, '0')} 00000 n \n`;
  });
  const start = text.length;
  text += `xref\n0 ${all.length + 1}\n0000000000 65535 f \n${offsets.join('')}trailer\n<< /Size ${all.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}
