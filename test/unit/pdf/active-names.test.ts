/** Active names where they hide (threats.tsv P02–P04): counted for the report. */
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { activeNames } from '../../../src/sanitize/formats/pdf/active-names.ts';
import { onePage } from './documents.ts';

const packed = (text: string, keys = '/Type /ObjStm'): string => {
  const data = deflateSync(Buffer.from(text, 'latin1')).toString('latin1');
  return `<< ${keys} /N 1 /First 4 /Filter /FlateDecode /Length ${data.length} >>\nstream\n${data}\nendstream`;
};

const file = (...objects: readonly string[]): Buffer => onePage('BT ET', '', '', objects);
const SCRIPT = '<< /S /JavaScript /JS (app.alert\\(1\\)) >>';

test('P04 a script in an object stream is counted', () => {
  expect(activeNames(file(packed(`9 0 ${SCRIPT}`)))).toEqual({ scripts: 1, actions: 0, links: 0 });
  expect(activeNames(file(packed(`9 0 ${SCRIPT}`, '/T#79pe /Obj#53tm')))).toMatchObject({ scripts: 1 });
});

test('P03 a name in disguise is counted', () => {
  expect(activeNames(file('<< /S /J#61vaScript /JS (x) >>'))).toMatchObject({ scripts: 1 });
  expect(activeNames(file('<< /#53 /#4aavaScript /JS (x) >>'))).toMatchObject({ scripts: 1 });
  expect(activeNames(file(packed('9 0 << /S /La#75nch /F (calc.exe) >>')))).toMatchObject({ actions: 1 });
});

test('P02 in the clear, as many as there are', () => {
  expect(activeNames(file(SCRIPT, SCRIPT, '<< /S /URI /URI (http://a.example/) >>'))).toEqual({
    scripts: 2,
    actions: 0,
    links: 1,
  });
});

test('benign twin: text of a page and packed objects without actions', () => {
  expect(activeNames(file(packed('9 0 << /Type /Font >>')))).toEqual({ scripts: 0, actions: 0, links: 0 });
  // A page that writes about it: content streams are no structure.
  expect(activeNames(file(packed(`BT (${SCRIPT}) Tj ET`, '')))).toEqual({ scripts: 0, actions: 0, links: 0 });
});

test('P17 object streams that are bombs or broken are passed over', () => {
  const bomb = packed(' '.repeat(40_000_000));
  expect(activeNames(file(bomb, packed(`9 0 ${SCRIPT}`)))).toMatchObject({ scripts: 1 });
  expect(activeNames(file('<< /Type /ObjStm /Filter /FlateDecode /Length 9 >>\nstream\nnothing h'))).toMatchObject({
    scripts: 0,
  });
  expect(activeNames(file(packed(SCRIPT)), () => true)).toMatchObject({ scripts: 0 });
});
