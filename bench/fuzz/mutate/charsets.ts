/** Changes of how text is written down: labels, escapes, broken characters, encoded-words, names of files. */
import type { Random } from '../random.ts';
import { changedText } from './bytes.ts';
import { changedMail } from './mime.ts';
import { type Entity, entitiesOf, readEntity, setField, writeEntity } from './mime-tree.ts';

const LABELS =
  'utf-8|UTF8|iso-2022-jp|ISO-2022-JP-MS|iso-2022-jp-2004|cp50220|CP50221|shift_jis|Shift-JIS|x-sjis|windows-31j|cp932|euc-jp|x-euc-jp|eucJP-ms|us-ascii|iso-8859-1|windows-1252|utf-16|utf-16le|utf-16be|utf-7|utf-32|hz-gb-2312|gb18030|gb2312|big5|euc-kr|koi8-r|iso-8859-8-i|x-user-defined|x-mac-japanese|unknown-8bit|unicode-1-1-utf-7|iso-2022-kr|iso-2022-cn|cp1252|ibm866|tis-620|""|utf-8\'ja|*|=?|utf-8;x'.split(
    '|',
  );
const ESCAPES = [
  '\x1b$B',
  '\x1b$@',
  '\x1b(B',
  '\x1b(J',
  '\x1b(I',
  '\x1b$(D',
  '\x1b$(O',
  '\x1b$(Q',
  '\x1b&@\x1b$B',
  '\x1b(H',
  '\x0e',
  '\x0f',
  '\x1b',
  '\x1b$',
  '\x1b(',
  '\x1b$A',
  '\x1b%G',
  '\x1b.A',
];
const PIECES = [
  '\x81',
  '\x81\x5c',
  '\x95\x5c',
  '\x83\x7c',
  '\xfc\xfc',
  '\xf0\x40',
  '\x8e',
  '\x8e\xb1',
  '\x8f\xa1\xa1',
  '\x8f',
  '\xa4',
  '\xa4\xa2',
  '\xb1\xb2',
  '\xe3\x81',
  '\xe3\x81\x82',
  '\xef\xbb\xbf',
  '\xff\xfe',
  '\xfe\xff',
  '\xc0\x80',
  '\xed\xa0\x80',
  '\xf4\x90\x80\x80',
  '\xf0\x9f\x98\x80',
  '\xe2\x80\xae',
  '\xe2\x80\x8b',
  '\xf3\xa0\x84\x80',
  '\xe9\xab\x99',
  '\xfa\xb1',
  '\xad\xa1',
  '\x87\x40',
  '!"',
  '0!',
  '$"$"',
  '+ADw-',
  '~{',
  '\x85',
  '\xa0',
  '\x80',
];

const TEXTS = [
  '=E3=81=82',
  '44GC',
  'GyRCJCIbKEI=',
  'gqA=',
  'pKI=',
  '=1B$B$"=1B(B',
  '_',
  '',
  '=',
  '=0D=0A',
  '4oCu',
  '//4=',
  '+AGE-',
];

type Change = (random: Random, entity: Entity, mail: Entity) => void;

const word = (random: Random): string =>
  `=?${random.pick(LABELS)}?${random.pick(['B', 'Q', 'b', 'q', 'X', ''])}?${random.pick(TEXTS)}${random.oneIn(3) ? random.pick(TEXTS) : ''}?=`;
const words = (random: Random): string =>
  Array.from({ length: random.few(4) }, () => word(random)).join(random.pick([' ', '\r\n ', '', ' x ', '\t']));

const spliced = (random: Random, text: string, piece: string): string => {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + piece + text.slice(at + (random.oneIn(2) ? 0 : random.below(3)));
};

const CHANGES: readonly Change[] = [
  (random, entity) =>
    setField(
      entity,
      'Content-Type',
      `${random.pick(['text/plain', 'text/plain', 'text/html', 'text/csv; name=a.csv'])}; charset=${random.pick(LABELS)}`,
    ),
  (random, entity) => {
    entity.body = spliced(random, entity.body, random.pick(ESCAPES));
  },
  (random, entity) => {
    entity.body = spliced(random, entity.body, random.pick(PIECES).repeat(random.few(6)));
  },
  (random, entity) => {
    const from = random.below(entity.body.length);
    entity.body = entity.body.slice(0, from) + entity.body.slice(from + 1 + random.below(3));
  },
  (random, entity) => {
    entity.body = spliced(
      random,
      entity.body,
      random.pick(ESCAPES) + entity.body.slice(0, random.below(20)) + random.pick(ESCAPES),
    );
  },
  (random, _, mail) =>
    setField(
      mail,
      random.pick(['Subject', 'From', 'To', 'Cc', 'Reply-To', 'Comments']),
      `${words(random)}${random.pick([' <a@example.com>', '', ' b'])}`,
    ),
  (random, _, mail) =>
    setField(
      mail,
      random.pick(['Subject', 'From']),
      `${random.pick(PIECES)}${random.pick(ESCAPES)}${random.pick(PIECES)}${random.pick([' <a@example.com>', ''])}`,
    ),
  (random, entity) => {
    const label = random.pick(LABELS);
    const name = random.pick([
      `filename*=${label}''%83%7c%82%a0.txt`,
      `filename*0*=${label}'ja'%e3%81;\r\n filename*1*=%82.csv`,
      `filename="${words(random)}.txt"`,
      `filename="${random.pick(PIECES)}${random.pick(ESCAPES)}.txt"`,
    ]);
    setField(entity, 'Content-Disposition', `attachment; ${name}`);
    // A file in no charset is of unknown type, and what that is is asked at great cost: a name needs no content.
    if (!random.oneIn(20)) entity.body = 'x';
  },
  (random, entity) => {
    // Two bytes for each, as UTF-16 has it.
    const mark = random.oneIn(8) ? '' : '\xff\xfe';
    entity.body =
      mark + Buffer.from(entity.body.slice(0, 300), random.oneIn(4) ? 'latin1' : 'utf16le').toString('latin1');
    setField(entity, 'Content-Transfer-Encoding', 'binary');
  },
  (random, entity) => {
    entity.body = changedText(random, entity.body);
  },
];

/** What stands there as text; seldom an encoded file, which a change makes noise. */
function textsOf(random: Random, mail: Entity): readonly Entity[] {
  const all = [...entitiesOf(mail)];
  const texts = all.filter(({ fields }) => !fields.some((field) => /base64|attachment/i.test(field)));
  return texts.length === 0 || random.oneIn(20) ? all : texts;
}

export function changedCharset(random: Random, input: Buffer, other: Buffer): Buffer {
  if (random.oneIn(20)) return changedMail(random, input, other);
  const mail = readEntity(input.toString('latin1'));
  const donor = random.pick([...entitiesOf(readEntity(other.toString('latin1')))]);
  for (let left = random.few(5); left > 0; left--) {
    const entity = random.pick(textsOf(random, mail));
    if (random.oneIn(12)) entity.body = entity.body.slice(0, 200) + donor.body.slice(0, 200);
    random.pick(CHANGES)(random, entity, mail);
  }
  return Buffer.from(writeEntity(mail), 'latin1');
}
