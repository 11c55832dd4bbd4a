/** Text that a reader would not have seen is not in the text but in the report (threats.tsv B23–B25, B44); what was visible stays. */
import { expect, test } from 'vitest';
import { HEADER, through } from '../through.ts';

const page = (html: string) =>
  through(...HEADER, 'Content-Type: text/html; charset=utf-8', '', `<p>Visible</p>${html}<p>End</p>`);

test.each([
  ['display', '<span style="display:none">qzx</span>'],
  ['display in capitals, important', '<span style="DISPLAY : NONE !important">qzx</span>'],
  ['display with a comment', '<span style="display:/**/none">qzx</span>'],
  ['display with an escape', '<span style="d\\69splay:none">qzx</span>'],
  ['a class', '<style>.q{display:none}</style><span class=q>qzx</span>'],
  ['a class for every screen', '<style>@media screen{.q{display:none}}</style><span class=q>qzx</span>'],
  ['a class in a layer, with an escape', '<style>@layer a{.q{d\\69 splay:none}}</style><span class=q>qzx</span>'],
  ['no size', '<span style="font-size:0">qzx</span>'],
  ['one pixel', '<span style="font-size:1px">qzx</span>'],
  ['white on white', '<span style="color:#fff;background:#fff">qzx</span>'],
  ['white on the page', '<font color=white>qzx</font>'],
  ['transparent', '<span style="color:transparent">qzx</span>'],
  ['no opacity', '<span style="opacity:0">qzx</span>'],
  ['outside', '<div style="position:absolute;left:-9999px">qzx</div>'],
  ['indented away', '<div style="text-indent:-9999px">qzx</div>'],
  ['no height', '<div style="height:0;overflow:hidden">qzx</div>'],
  ['scaled away', '<span style="transform:scale(0)">qzx</span>'],
  ['the attribute hidden', '<span hidden>qzx</span>'],
  ['a preheader', '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">qzx</div>'],
])('B23: text hidden by %s', async (_by, html) => {
  const mail = await page(html);
  expect(mail.text).not.toContain('qzx');
  expect(mail.text).toContain('Visible');
  expect(mail.text).toContain('End');
  expect(mail.report.body.hiddenText).toContain('qzx');
  expect(mail.text).toContain('・取り除いたもの: ');
});

test.each([
  ['B24', 'content of a style', '<style>p::after{content:"qzx"}</style>'],
  ['B25', 'a template', '<template>qzx</template>'],
  ['B14', 'a script', '<script>qzx</script><a onclick="qzx">y</a>'],
  [
    'B21',
    'addresses of pictures',
    '<img src="https://qzx.example.invalid/x.gif"><video poster="https://qzx.example.invalid/"></video>',
  ],
  [
    'B22',
    'forms and frames',
    '<form action="https://qzx.example.invalid/"><iframe src="https://qzx.example.invalid/" srcdoc="qzx"></iframe></form>',
  ],
  ['B22', 'a refresh', '<meta http-equiv=refresh content="0;url=https://qzx.example.invalid/">'],
])('%s: %s is nowhere', async (_id, _what, html) => {
  const mail = await page(html);
  expect(mail.everything).not.toContain('qzx');
  expect(mail.text).toContain('End');
});

test.each([
  [
    'a media query for small screens',
    '<style>@media (max-width:600px){.q{display:none}} .x{color:red}</style><span class=q>qzx</span>',
  ],
  ['a print style', '<style>@media print{.q{display:none}}</style><span class=q>qzx</span>'],
  ['white on blue', '<div style="background:#00f"><span style="color:#fff">qzx</span></div>'],
  ['white in a blue cell', '<table><tr><td bgcolor="#003366"><font color="#ffffff">qzx</font></td></tr></table>'],
  ['small print', '<span style="font-size:8px">qzx</span>'],
  ['a box with a height', '<div style="height:20px;overflow:hidden">qzx</div>'],
  ['an Outlook hack', '<span style="font-size:12px\\9;width:100px\\9">qzx</span>'],
  ['a field', '<textarea>qzx</textarea>'],
])('B23: visible text stays: %s (benign twin)', async (_what, html) => {
  const mail = await page(html);
  expect(mail.text).toContain('qzx');
  expect(mail.report.body.hiddenText).toBe('');
});
