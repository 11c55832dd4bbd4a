/** One PDF as the attachment of a mail, through converter and gate; its rebuilt form as a reader sees it. */
import { expect } from 'vitest';
import { type Canary, sightings } from '../../kit/canary.ts';
import { textOf } from '../../unit/pdf/documents.ts';
import { attached, type Crossed, mixed, through } from '../through.ts';

export interface CrossedPdf extends Crossed {
  readonly attachment: Crossed['report']['attachments'][number];
  /** Text of all pages' layers, runs joined by `|`; '' when nothing was rebuilt. */
  readonly shown: string;
  /** What was taken out, by the words of the report. */
  readonly removed: Readonly<Record<string, number>>;
  /** The rebuilt file, raw. */
  readonly rebuilt: string;
}

export async function crossed(bytes: Uint8Array, name = 'a.pdf', type = 'application/pdf'): Promise<CrossedPdf> {
  const mail = await through(...mixed(attached(name, type, bytes)));
  const [attachment] = mail.report.attachments;
  if (attachment === undefined) throw new Error('no attachment in the report');
  const file = mail.files.find(({ type: written }) => written === 'application/pdf');
  return {
    ...mail,
    attachment,
    shown: file === undefined ? '' : textOf(file.bytes),
    removed: Object.fromEntries(attachment.removed.map(({ what, count }) => [what, count])),
    rebuilt: file?.bytes.toString('latin1') ?? '',
  };
}

/** Names (ISO 32000-2, Annex L) that stand in no PDF of ours: what acts, embeds, leads away or describes. */
const ACTIVE =
  /\/(?:AA|AcroForm|AF|Annots?|Collection|Dur|Encrypt|EmbeddedFiles?|F|FFilter|Filespec|GoTo[ER3]?|ImportData|JavaScript|JBIG2Decode|JPXDecode|JS|Launch|Metadata|Movie|Names|ObjStm|OCG|OCProperties|OpenAction|PageMode|PieceInfo|Prev|Ref|Rendition|RichMedia\w*|Screen|Sound|SubmitForm|Thread|Thumb|Trans|Type3|URI|ViewerPreferences|Widget|XFA)[\s/<([>]/;

/** The frame of a file of ours: nothing in front, one revision, nothing behind, no name that does something. */
export function expectInert(rebuilt: string): void {
  expect(rebuilt.startsWith('%PDF-')).toBe(true);
  expect(rebuilt.endsWith('%%EOF\n')).toBe(true);
  expect(rebuilt.split('%%EOF')).toHaveLength(2);
  expect(rebuilt.split('startxref')).toHaveLength(2);
  expect(rebuilt.replace(/stream\r?\n[\s\S]*?endstream/g, '')).not.toMatch(ACTIVE);
}

/** None that must die is anywhere in what goes on. */
export const expectDead = (mail: Crossed, canaries: readonly Canary[]): void =>
  expect(
    sightings(
      Buffer.from(mail.everything, 'latin1'),
      canaries.filter(({ fate }) => fate === 'die'),
    ),
  ).toEqual([]);
