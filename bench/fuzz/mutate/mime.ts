/**
 * Changes of a mail's structure: fields, parameters, boundaries, encodings, parts; and of the bytes that carry it. The kinds
 * follow the techniques of threats.tsv, area MIME.
 */
import type { Random } from '../random.ts';
import { changedText, damaged } from './bytes.ts';
import { copyOf, type Entity, entitiesOf, fieldOf, readEntity, setField, writeEntity } from './mime-tree.ts';

const TYPES =
  'text/plain;text/html;text/csv;text/plain; charset=utf-7;multipart/mixed;multipart/alternative;multipart/related;multipart/signed;multipart/x-odd;message/rfc822;message/partial; id=a; number=1; total=2;message/external-body; access-type=url;message/delivery-status;message/global;application/octet-stream;application/pdf;application/pkcs7-mime; smime-type=signed-data;application/ms-tnef;image/png;text;/plain;text/plain/x;;multipart'.split(
    /(?<=\w);(?! )/,
  );
const ENCODINGS =
  'base64|quoted-printable|7bit|8bit|binary|x-uuencode|uuencode|BASE64|base64 |"base64"|=?us-ascii?Q?base64?=|base64;x=y|quoted-printable (a)|(a) base64|x-gzip64||base64, 7bit'.split(
    '|',
  );
const NAMES =
  "a.txt|a.exe|a.txt.exe|a\u202etxt.exe|../../a.txt|a.txt%00.exe|CON|a.txt;x=.exe|=?utf-8?B?YS5leGU=?=|UTF-8''%E8%B3%87%E6%96%99.pdf|..|.|a.txt\\|b.csv|a.zip|very".split(
    '|',
  );
const LINES =
  '|--|----|--b|--b--|begin 644 a.exe|end|=ybegin line=128 size=10 name=a.exe|From a@example.com Sun Nov 22|>From x|QUJD|UEsDBAoAAAAAAA==|Content-Type: text/html|: x|x|.|http://example.invalid/|\\\\server.example.invalid\\x|-----BEGIN PGP MESSAGE-----'.split(
    '|',
  );
const FIELDS =
  'Content-Type|Content-Transfer-Encoding|Content-Disposition|Content-ID|MIME-Version|Subject|From|To|Cc|Reply-To|Date|Message-ID|References|In-Reply-To|Received|Bcc|Sekisho-Receipt|Content-Type |content-type|X-A|Resent-From|Content-Location|Content-Duration'.split(
    '|',
  );
const VALUES =
  'a@example.com|"a" <b@example.com>|=?utf-8?B?5bGx55Sw?= <a@example.com>|=?iso-2022-jp?B?GyRCOzNFRBsoQg==?=|g: a@b.example, c@d.example;|<a@b>|(c(c)c) a@example.com|Sun, 22 Nov 2026 14:00:00 +0900|31 Feb 99999 25:61 +9999|<x@y> <z@w>|=?utf-8?Q?=0D=0ABcc:_x?=|1.0|attachment; filename=a.txt|inline; filename*0*=utf-8\'\'a; filename*1=.exe|\xff\xfe|a\tb| '.split(
    '|',
  );

type Change = (random: Random, mail: Entity, other: Entity) => void;

const anyOf = (random: Random, mail: Entity): Entity => random.pick([...entitiesOf(mail)]);
const multipartOf = (random: Random, mail: Entity): Entity | undefined => {
  const found = [...entitiesOf(mail)].filter(({ parts }) => parts !== undefined);
  return found.length === 0 ? undefined : random.pick(found);
};
/** The mail itself when all its parts are gone. */
const leafOf = (random: Random, mail: Entity): Entity => {
  const leaves = [...entitiesOf(mail)].filter(({ parts }) => parts === undefined);
  return leaves.length === 0 ? mail : random.pick(leaves);
};

/** False, mostly, where a change would make noise of an encoded body: noise is asked about at great cost. */
const isPlain = (random: Random, entity: Entity): boolean =>
  random.oneIn(20) || !/base64|uu/i.test(entity.fields[fieldOf(entity, 'content-transfer-encoding')] ?? '');

const base64 = (text: string, width = 76): string =>
  Buffer.from(text, 'latin1')
    .toString('base64')
    .replace(new RegExp(`.{${width}}(?=.)`, 'g'), '$&\r\n');
const quoted = (text: string): string =>
  text.replace(
    /[^\t\r\n\x20-\x3c\x3e-\x7e]/g,
    (sign) => `=${sign.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );

function inField(random: Random, { fields }: Entity, change: (field: string) => string): void {
  if (fields.length === 0) return;
  const at = random.below(fields.length);
  fields[at] = change(fields[at] ?? '');
}

const parameter = (random: Random): string => {
  const name = random.pick([
    'boundary',
    'charset',
    'name',
    'filename',
    'format',
    'x',
    'name*',
    'filename*0',
    'filename*1*',
    'filename*',
  ]);
  const value = random.pick([...NAMES, 'utf-8', 'us-ascii', 'b', 'iso-2022-jp', 'flowed', '""', "utf-8'ja'%41"]);
  return `${random.pick([';', '; ', ';\r\n ', ' ;', ',', ' '])}${name}${random.pick(['=', '=', '=', ' = ', '==', ''])}${random.oneIn(3) ? `"${value}"` : value}`;
};

const FIELD_CHANGES: readonly Change[] = [
  (random, mail) => inField(random, anyOf(random, mail), (field) => changedText(random, field)),
  (random, mail) => inField(random, anyOf(random, mail), (field) => field + parameter(random)),
  (random, mail) =>
    inField(random, anyOf(random, mail), (field) =>
      field.replace(/[ ;]/, (sign) => `${sign}\r\n${random.pick([' ', '\t', '  \t'])}`),
    ),
  (random, mail) =>
    inField(random, anyOf(random, mail), (field) =>
      field.replace(':', random.pick([' :', '\t:', '', ': :', ':\r\n '])),
    ),
  (random, mail) => {
    const { fields } = anyOf(random, mail);
    fields.splice(random.below(fields.length), 1);
  },
  (random, mail) => {
    const { fields } = anyOf(random, mail);
    fields.splice(random.below(fields.length + 1), 0, fields[random.below(fields.length)] ?? 'X: y');
  },
  (random, mail) => {
    const { fields } = anyOf(random, mail);
    const value = random.pick(random.oneIn(2) ? VALUES : [...TYPES, ...ENCODINGS]);
    fields.splice(random.below(fields.length + 1), 0, `${random.pick(FIELDS)}: ${value}`);
  },
  (random, mail) =>
    setField(anyOf(random, mail), 'Content-Type', random.pick(TYPES) + (random.oneIn(2) ? parameter(random) : '')),
  (random, mail) => {
    const entity = anyOf(random, mail);
    const encoding = random.pick(ENCODINGS);
    setField(entity, 'Content-Transfer-Encoding', encoding);
    // Text read as base64 is noise, and noise is asked about at great cost: not too often.
    if (/base64/i.test(encoding) && !random.oneIn(8)) entity.body = base64(entity.body.slice(0, 2000));
  },
  (random, mail) =>
    setField(
      anyOf(random, mail),
      'Content-Disposition',
      `${random.pick(['attachment', 'inline', 'x'])}${parameter(random)}${random.oneIn(3) ? parameter(random) : ''}`,
    ),
];

const TREE_CHANGES: readonly Change[] = [
  (random, mail) => {
    const children = multipartOf(random, mail)?.parts?.children;
    children?.splice(random.below(children.length), 1);
  },
  (random, mail) => {
    const children = multipartOf(random, mail)?.parts?.children;
    if (children === undefined || children.length === 0) return;
    const child = copyOf(random.pick(children));
    for (let left = random.oneIn(20) ? 30 : 1; left > 0; left--)
      children.splice(random.below(children.length + 1), 0, child);
  },
  (random, mail, other) => {
    const children = multipartOf(random, mail)?.parts?.children;
    children?.splice(random.below(children.length + 1), random.below(2), copyOf(anyOf(random, other)));
  },
  (random, mail) => wrap(anyOf(random, mail), random, random.oneIn(15) ? 25 : 1),
  (random, mail) => {
    const entity = leafOf(random, mail);
    const inner = writeEntity({ fields: ['Subject: inner', 'Content-Type: text/plain'], body: entity.body });
    setField(entity, 'Content-Type', 'message/rfc822');
    entity.body = inner;
  },
  (random, mail) => {
    const parts = multipartOf(random, mail)?.parts;
    if (parts === undefined) return;
    if (random.oneIn(2)) parts.preamble += `\r\n${random.pick(LINES)}`;
    else parts.epilogue += `${random.pick(LINES)}\r\n${random.pick(LINES)}`;
  },
  (random, mail) => {
    const entity = multipartOf(random, mail);
    const at = entity === undefined ? -1 : fieldOf(entity, 'content-type');
    if (entity === undefined || at < 0) return;
    // The delimiters stay as they were: the declared boundary is another one.
    entity.fields[at] = (entity.fields[at] ?? '').replace(
      /(boundary="?)([^";\s]*)/i,
      (_, name: string, value: string) => name + changedText(random, value),
    );
  },
];

function wrap(entity: Entity, random: Random, times: number): void {
  for (let left = times; left > 0; left--) {
    const inner = copyOf(entity);
    const boundary = random.pick(['b', 'bb', 'x y', `=_${random.below(1000)}`, "a'()+_,-./:=?"]);
    entity.fields = entity.fields.filter((field) => !/^content-/i.test(field));
    entity.fields.push(
      `Content-Type: multipart/${random.pick(['mixed', 'alternative', 'related', 'digest'])}; boundary="${boundary}"`,
    );
    inner.fields = inner.fields.filter((field) => /^content-/i.test(field));
    entity.body = '';
    entity.parts = { boundary, preamble: '', epilogue: '', children: [inner] };
  }
}

const BODY_CHANGES: readonly Change[] = [
  (random, mail) => {
    const entity = leafOf(random, mail);
    entity.body = isPlain(random, entity) ? changedText(random, entity.body, 'text') : entity.body;
  },
  (random, mail) => {
    const entity = leafOf(random, mail);
    const at = random.below(entity.body.length + 1);
    entity.body = `${entity.body.slice(0, at)}\r\n${random.pick(LINES)}\r\n${entity.body.slice(at)}`;
  },
  (random, mail) => {
    const entity = leafOf(random, mail);
    if (!isPlain(random, entity)) return;
    setField(entity, 'Content-Transfer-Encoding', 'base64');
    entity.body = base64(entity.body, random.pick([76, 76, 60, 75, 4, 1000]));
    if (random.oneIn(3))
      entity.body = entity.body.replace(/.(?=.{0,3}$)/s, (sign) =>
        random.pick(['=', '==', `${sign}=`, '*', ' ', '\r\n', '-_', '\0']),
      );
  },
  (random, mail) => {
    const entity = leafOf(random, mail);
    setField(entity, 'Content-Transfer-Encoding', 'quoted-printable');
    entity.body = quoted(entity.body);
    if (random.oneIn(3))
      entity.body = entity.body.replace(/=|\r\n/, () =>
        random.pick(['=\r\n', '=', '= \r\n', '=4', '=ZZ', '=0D=0A', '=00']),
      );
  },
  (random, mail, other) => {
    const entity = leafOf(random, mail);
    const from = leafOf(random, other);
    if (!random.oneIn(30))
      entity.body =
        isPlain(random, entity) && isPlain(random, from)
          ? changedText(random, entity.body.slice(0, 400) + from.body.slice(0, 200), 'text')
          : entity.body;
    else
      entity.body = damaged(random, Buffer.from(entity.body, 'latin1'), Buffer.from(from.body, 'latin1')).toString(
        'latin1',
      );
  },
];

const KINDS = [FIELD_CHANGES, FIELD_CHANGES, TREE_CHANGES, BODY_CHANGES];

/** Changes of the bytes that hold the whole together. */
function changedBytes(random: Random, text: string, other: Buffer): Buffer {
  switch (random.below(6)) {
    case 0:
      return Buffer.from(text.replaceAll('\r\n', random.pick(['\n', '\n', '\r'])), 'latin1');
    case 1: {
      let left = random.few(5);
      return Buffer.from(
        text.replace(/\r\n/g, (end) =>
          random.oneIn(12) && left-- > 0 ? random.pick(['\n', '\r', '\r\r\n', '\n\r', '']) : end,
        ),
        'latin1',
      );
    }
    case 2:
      return Buffer.from(
        text.replace(/(\r\n--[^\r\n]*)/, (line) =>
          random.pick([`${line} `, `${line}--`, `${line}x`, line.replace('--', '-'), `${line}\t`, '', line + line]),
        ),
        'latin1',
      );
    default:
      return damaged(random, Buffer.from(text, 'latin1'), other);
  }
}

export function changedMail(random: Random, input: Buffer, other: Buffer): Buffer {
  if (random.oneIn(8)) return changedBytes(random, input.toString('latin1'), other);
  const mail = readEntity(input.toString('latin1'));
  const from = readEntity(other.toString('latin1'));
  for (let left = random.few(5); left > 0; left--) random.pick(random.pick(KINDS))(random, mail, from);
  const text = writeEntity(mail);
  return random.oneIn(6) ? changedBytes(random, text, other) : Buffer.from(text, 'latin1');
}
