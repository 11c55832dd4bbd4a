/** Which text a reader would not have seen: declarations, sheets, colours, sizes, places; and what is shown all the same. */
import { describe, expect, test } from 'vitest';
import { parseColour, sameColour } from '../../../../src/sanitize/body/colour.ts';
import { type StyledElement, StyleSheet } from '../../../../src/sanitize/body/css.ts';
import { HiddenText } from '../../../../src/sanitize/body/hidden.ts';
import { isHidden, type Look, lookOf, type PaintAttributes, rootLook } from '../../../../src/sanitize/body/look.ts';

const PLAIN: PaintAttributes = { hidden: false, bgcolor: '', colour: '', backgroundImage: false, isLink: false };
const element = (more: Partial<StyledElement> = {}): StyledElement => ({
  tag: 'p',
  id: '',
  classes: [],
  inline: '',
  ...more,
});
const declared = (inline: string): Record<string, string> =>
  Object.fromEntries(new StyleSheet().declarationsOf(element({ inline })));

const styled = (inline: string, more: Partial<PaintAttributes> = {}, parent: Look = rootLook(true)): Look =>
  lookOf(parent, new StyleSheet().declarationsOf(element({ inline })), { ...PLAIN, ...more });
const hidden = (inline: string, more: Partial<PaintAttributes> = {}, parent?: Look): boolean =>
  isHidden(styled(inline, more, parent));

describe('ways to hide text', () => {
  test.each([
    'display:none',
    'DISPLAY : NONE ',
    'color:red;display:none',
    'display:none!important',
    'display:none ! important',
    '/* x */display:/* y */none',
    'd\\69splay:none',
    'd\\000069 splay:none',
    'displa\\y:none',
    'visibility:hidden',
    'visibility:collapse',
    'opacity:0',
    'opacity:0.05',
    'opacity:0.0',
    'font-size:0',
    'font-size:1px',
    'font-size:1.9px',
    'font-size:1pt',
    'font-size:0.1em',
    'font-size:10%',
    'font-size:0.1rem',
    'font-size:.05ex',
    'font-size:0.01cm',
    'font-size:0.1mm',
    'font-size:0.01in',
    'font-size:0.1pc',
    'font-size:0.1vw',
    'font-size:0.1vh',
    'font:1px serif',
    'font:italic 1px/2 serif',
    'font: bold 0.1em x',
    'color:white',
    'color:#fff',
    'color:#fffffe',
    'color:transparent',
    'color:rgba(0,0,0,0)',
    'color:black;background:black',
    'background-color:#000',
    'background:#000 none',
    'background:no-repeat black',
    'background:rgb(0,0,0)',
    'text-indent:-500px',
    'text-indent:-9999px',
    'text-indent:-100em',
    'margin-left:-600px',
    'position:absolute;left:-500px',
    'position:fixed;top:-9999px',
    'position:relative;right:-500px',
    'position:absolute;bottom:-500px',
    'overflow:hidden;width:0',
    'overflow:hidden;height:1px',
    'overflow:clip;max-width:0',
    'overflow-x:hidden;max-height:0px',
    'overflow-y:hidden;height:0.5pt',
    'clip:rect(0,0,0,0)',
    'clip:rect(1px 1px 1px 1px)',
    'clip:rect( 0px, 1px ,0 1px )',
    'clip-path:inset(50%)',
    'clip-path:inset( 100%)',
    'transform:scale(0)',
    'transform:scale( 0.0 , 1)',
    'transform:translate(-9999px)',
    'transform:translatex(-1000px)',
    'transform:translatey( -1000px)',
  ])('%s', (inline) => {
    expect(hidden(inline)).toBe(true);
  });

  test.each([
    '',
    'display:block',
    'display:nonesuch',
    'xdisplay:none',
    'display none',
    '/* display:none */',
    '/* display:none',
    'visibility:visible',
    'visibility:inherit',
    'opacity:0.06',
    'opacity:1',
    'font-size:2px',
    'font-size:2pt',
    'font-size:small',
    'font-size:1',
    'font-size:0.2em',
    'font-size:20%',
    'font-size:1em',
    'font-size:x1px',
    'font:12px serif',
    'font:inherit',
    'color:#eee',
    'color:black',
    'color:inherit',
    'color:currentcolor',
    'color:nonesuch',
    'color:rgba(0,0,0,0.5)',
    'color:white;background:black',
    'color:white;background:url(x)',
    'color:white;background:linear-gradient(x)',
    'color:white;background-image:url(x)',
    'color:white;background:strange',
    'background:#000;color:#fff',
    'background-color:transparent',
    'background-color:inherit',
    'text-indent:-499px',
    'text-indent:2em',
    'text-indent:-500',
    'margin-left:-499px',
    'left:-9999px',
    'position:static;left:-9999px',
    'position:sticky;left:-9999px',
    'position:absolute;left:-499px',
    'position:absolute;left:9999px',
    'width:0',
    'overflow:hidden',
    'overflow:hidden;width:2px',
    'overflow:auto;height:0',
    'overflow:visible;width:0',
    'clip:rect(0,100px,100px,0)',
    'clip:auto',
    'clip-path:inset(49%)',
    'clip-path:none',
    'transform:scale(1)',
    'transform:scale(0.5)',
    'transform:translate(-100px)',
    'transform:translate(9999px)',
    'transform:rotate(0)',
  ])('benign twin: %s', (inline) => {
    expect(hidden(inline)).toBe(false);
  });

  test('old attributes paint too', () => {
    expect(hidden('', { hidden: true })).toBe(true);
    expect(hidden('display:block', { hidden: true })).toBe(false);
    expect(hidden('display:none', { hidden: true })).toBe(true);
    expect(hidden('color:red', { hidden: true })).toBe(true);
    expect(hidden('', { colour: 'white' })).toBe(true);
    expect(hidden('', { bgcolor: 'black' })).toBe(true);
    expect(hidden('', { bgcolor: 'black', colour: 'white' })).toBe(false);
    expect(hidden('', { bgcolor: 'black', backgroundImage: true })).toBe(false);
    expect(hidden('color:red', { colour: 'white' })).toBe(false);
    expect(hidden('background:white', { bgcolor: 'black' })).toBe(false);
    expect(hidden('background-color:white', { bgcolor: 'black' })).toBe(false);
  });

  test('links are blue unless told otherwise', () => {
    expect(hidden('', { isLink: true, bgcolor: '#0000ee' })).toBe(true);
    expect(hidden('', { isLink: true, bgcolor: 'black' })).toBe(false);
    expect(hidden('color:white', { isLink: true })).toBe(true);
    expect(hidden('', { isLink: true })).toBe(false);
  });

  test('what is inside inherits', () => {
    const within = (outer: string, inner: string, more: Partial<PaintAttributes> = {}): boolean =>
      hidden(inner, more, styled(outer));
    expect(within('display:none', 'display:block')).toBe(true);
    expect(within('opacity:0', 'opacity:1')).toBe(true);
    expect(within('visibility:hidden', '')).toBe(true);
    expect(within('visibility:hidden', 'color:red')).toBe(true);
    expect(within('visibility:hidden', 'visibility:inherit')).toBe(true);
    expect(within('visibility:hidden', 'visibility:visible')).toBe(false);
    expect(within('font-size:1px', 'font-size:12px')).toBe(false);
    expect(within('font-size:1px', 'font-size:1em')).toBe(true);
    expect(within('font-size:1px', 'color:red')).toBe(true);
    expect(within('font-size:10px', 'font-size:15%')).toBe(true);
    expect(within('font-size:100px', 'font-size:3%')).toBe(false);
    expect(within('color:white;background:black', 'background:white')).toBe(true);
    expect(within('background:black;color:white', 'color:black')).toBe(true);
    expect(within('background:black;color:white', 'color:inherit')).toBe(false);
    expect(within('background:url(x);color:white', '')).toBe(false);
    expect(within('background:url(x);color:white', 'background:white')).toBe(true);
    expect(within('background:black;color:white', 'background:none;color:black')).toBe(true);
    expect(within('background:black;color:white', 'background:0;color:black')).toBe(true);
    expect(within('background:black;color:white', 'background:repeat;color:black')).toBe(true);
    expect(within('background:black;color:white', 'background:transparent;color:black')).toBe(true);
  });

  test('colours prove nothing where the background is not known', () => {
    expect(hidden('color:white', {}, rootLook(false))).toBe(false);
    expect(hidden('color:transparent', {}, rootLook(false))).toBe(true);
    expect(hidden('color:white;background:white', {}, rootLook(false))).toBe(true);
    expect(hidden('font-size:0', {}, rootLook(false))).toBe(true);
  });
});

describe('declarations', () => {
  test('only what can hide text is kept, the last of equals, values in lower case', () => {
    expect(declared('COLOR: Red; color : BLUE; border: 1px; width:1PX;x')).toEqual({ color: 'blue', width: '1px' });
    const all =
      'display visibility opacity font font-size color background background-color background-image width height max-width max-height overflow overflow-x overflow-y position left top right bottom text-indent margin-left clip clip-path transform';
    for (const name of all.split(' ')) expect(declared(`${name}:x`)).toEqual({ [name]: 'x' });
    for (const name of ['border', 'margin', 'content', 'src']) expect(declared(`${name}:x`)).toEqual({});
  });
  test('an important one wins, wherever it stands', () => {
    expect(declared('color:red !important;color:blue')).toEqual({ color: 'red' });
    expect(declared('color:red!important')).toEqual({ color: 'red' });
    expect(declared('color:red ! IMPORTANT ')).toEqual({ color: 'red' });
    expect(declared('color:red !important x')).toEqual({ color: 'red !important x' });
    expect(declared('color:red !importantly')).toEqual({ color: 'red !importantly' });
  });
  test('what is no declaration is none; an open comment hides the rest of the sheet from browsers too', () => {
    expect(declared('colors')).toEqual({});
    expect(declared(':x;color:y')).toEqual({ color: 'y' });
    expect(declared('color:x;/*;display:none')).toEqual({ color: 'x' });
    expect(declared('color:red !importantly;color:blue')).toEqual({ color: 'blue' });
  });
  test('escapes: six hexadecimal digits and a blank, or any other character', () => {
    expect(declared('\\63olor:r\\65 d')).toEqual({ color: 'red' });
    expect(declared('\\000063olor:\\72 \\65 \\64')).toEqual({ color: 'red' });
    expect(declared('c\\olor:x')).toEqual({ color: 'x' });
    expect(declared('color:\\1f x\\d800 y\\20 z')).toEqual({ color: 'xy z' });
    expect(declared('color:\\d7ff')).toEqual({ color: '\ud7ff' });
  });
  test('a style of four thousand characters is read', () => {
    expect(declared(`${' '.repeat(3990)}color:red`)).toEqual({ color: 'red' });
    expect(declared(`${' '.repeat(4001)}color:red`)).toEqual({});
  });
});

const apply = (sheet: string | readonly string[], more: Partial<StyledElement> = {}): string | undefined => {
  const all = new StyleSheet();
  for (const text of typeof sheet === 'string' ? [sheet] : sheet) all.add(text);
  return all.declarationsOf(element(more)).get('color');
};

describe('sheets', () => {
  const own = { tag: 'p', id: 'i', classes: ['a', 'b'] };
  test.each([
    'p{color:x}',
    'P { color : x }',
    '.a{color:x}',
    '.b{color:x}',
    '#i{color:x}',
    'p.a{color:x}',
    'p.a.b#i{color:x}',
    '.b.a{color:x}',
    'h1,p{color:x}',
    'h1 , .a , h2{color:x}',
    'p{}p{color:x}',
    '@import "y";p{color:x}',
    '@charset "y"; p{color:x}',
    '<!-- p{color:x} -->',
    '/* c */p/* d */{color:x}',
    'p{color:y}.q{color:z}p{color:x}',
    '@media screen{p{color:x}}',
    '@media only screen{p{color:x}}',
    '@MEDIA ALL {p{color:x}}',
    '@layer{p{color:x}}',
    '@layer a.b{p{color:x}}',
    '@media print{p{color:y}}p{color:x}',
    '@font-face{src:y}p{color:x}',
    '@media print{h1{color:y}h2{color:z}}p{color:x}',
    '@media screen{h1{color:y}}p{color:x}',
    '@media  only \t screen{p{color:x}}',
    '@layer \t a{p{color:x}}',
    'p{color:x}/*}p{color:y}',
    '@media print{@supports (x){h1{color:y}}p{color:z}}p{color:x}',
  ])('%j applies', (sheet) => {
    expect(apply(sheet, own)).toBe('x');
  });

  test.each([
    'h1{color:x}',
    '.c{color:x}',
    '#j{color:x}',
    'p.c{color:x}',
    'h1.a{color:x}',
    'p#j{color:x}',
    'div p{color:x}',
    'p>b{color:x}',
    'p:hover{color:x}',
    'p[x]{color:x}',
    '*{color:x}',
    '{color:x}',
    '.1a{color:x}',
    'p a{color:x}',
    '#i#k{color:x}',
    'p',
    'p{color:x',
    '/* p{color:x} */',
    '/* p{color:x}',
    '@media print{p{color:x}}',
    '@media (max-width:1px){p{color:x}}',
    '@media screen and (x){p{color:x}}',
    '@media screen{',
    '@supports (x){p{color:x}}',
    '@media print{h1{color:y}p{color:x}}',
    '@media print{@supports (x){h1{color:y}}p{color:x}}',
    '@x @media screen{p{color:x}}',
  ])('%j does not', (sheet) => {
    expect(apply(sheet, own)).toBeUndefined();
  });

  test('an id outweighs classes, classes a tag, the later the earlier, the element itself all', () => {
    expect(apply('#i{color:x}.a{color:y}p{color:z}', own)).toBe('x');
    expect(apply('.a.b{color:x}.a{color:y}p{color:z}', own)).toBe('x');
    expect(apply('p.a{color:x}.a{color:y}', own)).toBe('x');
    expect(apply('p{color:y}p{color:x}', own)).toBe('x');
    expect(apply(['p{color:y}', 'p{color:x}'], own)).toBe('x');
    expect(apply('#i{color:y}', { ...own, inline: 'color:x' })).toBe('x');
    expect(apply('p{color:x!important}', { ...own, inline: 'color:y' })).toBe('x');
    expect(apply('p{color:y!important}', { ...own, inline: 'color:x!important' })).toBe('x');
    expect(apply('p{color:y}', { ...own, inline: 'color:x!important' })).toBe('x');
    expect(apply('p{color:x!important}#i{color:y}', own)).toBe('x');
  });

  test('a hundred classes are no id', () => {
    const classes = Array.from({ length: 99 }, (_, i) => `c${i}`);
    expect(apply(`#i{color:x}${classes.map((name) => `.${name}`).join('')}{color:y}`, { ...own, classes })).toBe('x');
  });

  test('two thousand rules and 200,000 characters are read', () => {
    const many = (n: number): string => `${'.q{color:y}'.repeat(n)}p{color:x}`;
    expect(apply(many(1999))).toBe('x');
    expect(apply(many(2000))).toBeUndefined();
    expect(apply(`${' '.repeat(199_980)}p{color:x}`)).toBe('x');
    expect(apply(`${' '.repeat(200_000)}p{color:x}`)).toBeUndefined();
  });

  test('whether there are rules, and whether one that we cannot match paints', () => {
    const sheet = (text: string): readonly [boolean, boolean] => {
      const all = new StyleSheet();
      all.add(text);
      return [all.hasRules, all.paintsUnknown];
    };
    expect(sheet('')).toEqual([false, false]);
    expect(sheet('p{color:x}')).toEqual([true, false]);
    expect(sheet('p{border:x}')).toEqual([false, false]);
    expect(sheet('p b{color:x}')).toEqual([false, false]);
    expect(sheet('p b{background:x}')).toEqual([false, true]);
    expect(sheet('p b{background-color:x}p b{color:x}')).toEqual([false, true]);
    expect(sheet('p{background:x}')).toEqual([true, false]);
    expect(sheet('p b{background:x;color:y}')).toEqual([false, true]);
    expect(sheet('@page{background:x}')).toEqual([false, false]);
    expect(apply('div{color:x}', { tag: 'div' })).toBe('x');
    expect(apply('table1b{color:x}', { tag: 'table1b' })).toBe('x');
  });
});

describe('colours', () => {
  test.each([
    ['white', [255, 255, 255]],
    ['BLACK', [0, 0, 0]],
    [' red ', [255, 0, 0]],
    ['green', [0, 128, 0]],
    ['blue', [0, 0, 255]],
    ['yellow', [255, 255, 0]],
    ['gray', [128, 128, 128]],
    ['grey', [128, 128, 128]],
    ['silver', [192, 192, 192]],
    ['navy', [0, 0, 128]],
    ['maroon', [128, 0, 0]],
    ['snow', [255, 250, 250]],
    ['ivory', [255, 255, 240]],
    ['whitesmoke', [245, 245, 245]],
    ['ghostwhite', [248, 248, 255]],
    ['floralwhite', [255, 250, 240]],
    ['mintcream', [245, 255, 250]],
    ['azure', [240, 255, 255]],
    ['aliceblue', [240, 248, 255]],
    ['lime', [0, 255, 0]],
    ['aqua', [0, 255, 255]],
    ['orange', [255, 165, 0]],
    ['purple', [128, 0, 128]],
    ['teal', [0, 128, 128]],
    ['#123', [17, 34, 51]],
    ['123', [17, 34, 51]],
    ['#12f8', [17, 34, 255]],
    ['#123456', [18, 52, 86]],
    ['123456', [18, 52, 86]],
    ['#12345680', [18, 52, 86]],
    ['#1234560d', [18, 52, 86]],
    ['#1234560c', 'transparent'],
    ['#1230', 'transparent'],
    ['#1231', [17, 34, 51]],
    ['transparent', 'transparent'],
    ['rgb(1,2,3)', [1, 2, 3]],
    ['rgb( 1 2 3 )', [1, 2, 3]],
    ['RGBA(1, 2, 3, 0.5)', [1, 2, 3]],
    ['rgba(1 2 3 / 50%)', [1, 2, 3]],
    ['rgba(1,2,3,0.04)', 'transparent'],
    ['rgba(1,2,3,4%)', 'transparent'],
    ['rgba(1,2,3,0.05)', [1, 2, 3]],
    ['rgb(100%,0%,20%)', [255, 0, 51]],
  ])('%j is %j', (text, colour) => {
    expect(parseColour(text)).toEqual(colour);
  });
  test.each([
    '',
    'nonesuch',
    '#12',
    '#12345',
    '#1234567',
    '#xyz',
    'rgb(1,2)',
    'rgb(1,2,3',
    'hsl(1,2,3)',
    'xrgb(1,2,3)',
    'rgb(1,2,3)x',
    '#123456789',
    'constructor',
  ])('%j is none', (text) => {
    expect(parseColour(text)).toBeUndefined();
  });
  test('twelve steps of 255 in each part are no difference', () => {
    expect(sameColour([0, 0, 0], [12, 12, 12])).toBe(true);
    expect(sameColour([12, 12, 12], [0, 0, 0])).toBe(true);
    for (const other of [
      [13, 0, 0],
      [0, 13, 0],
      [0, 0, 13],
    ] as const)
      expect(sameColour([0, 0, 0], other)).toBe(false);
  });
});

describe('what the administrators are told of hidden text', () => {
  const told = (fill: (text: HiddenText) => void): readonly [number, string] => {
    const text = new HiddenText();
    fill(text);
    return [text.count, text.text];
  };
  test('words and numbers count, padding does not', () => {
    expect(
      told((t) => {
        t.add(' a\n b\t');
        t.add('\u200b \u00a0');
        t.add('...');
        t.add('1');
      }),
    ).toEqual([2, 'a b\n1']);
  });
  test('comments are told behind it and not counted; conditions and markup of Outlook are left out', () => {
    expect(
      told((t) => {
        t.comment('one');
        t.add('two');
      }),
    ).toEqual([1, 'two\none']);
    expect(told((t) => t.comment('[if mso]<table><td>x</td>[endif]'))).toEqual([0, 'x']);
    expect(told((t) => t.comment('p { color: red }'))).toEqual([0, '']);
    expect(told((t) => t.comment('<b></b> --'))).toEqual([0, '']);
  });
  test('two thousand characters', () => {
    expect(told((t) => t.add('x'.repeat(5000)))[1]).toHaveLength(2000);
    const many = told((t) => {
      for (let i = 0; i < 300; i++) t.add('x'.repeat(9));
    });
    expect([many[0], many[1].length]).toEqual([300, 1999]);
    expect(
      told((t) => {
        t.add('x'.repeat(2000));
        t.comment('never');
        t.add('y');
      }),
    ).toEqual([2, 'x'.repeat(2000)]);
  });
});
