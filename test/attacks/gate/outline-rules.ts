/** Bookmarks of our PDFs (docs/output-grammar-pdf.md §3a): a tree as our writer spells it, and trees that it never writes. */
import type { PdfObjects } from './specimens.ts';

type Change = (objects: PdfObjects) => void;

/** Objects 17 … 21: root, «一» with two items in it, «二» that leads nowhere. */
const ROOT = '<< /Type /Outlines /First 18 0 R /Last 21 0 R /Count 2 >>';
const ITEMS = [
  '<< /Title <FEFF4E00> /Parent 17 0 R /Next 21 0 R /First 19 0 R /Last 20 0 R /Count -2 /Dest [11 0 R /XYZ null 841.89 null] >>',
  '<< /Title <FEFF0061> /Parent 18 0 R /Next 20 0 R /Dest [11 0 R /XYZ null 700.5 null] >>',
  '<< /Title <FEFFD867DE3D> /Parent 18 0 R /Prev 19 0 R /Dest [14 0 R /XYZ null 0 null] >>',
  '<< /Title <FEFF4E8C> /Parent 17 0 R /Prev 18 0 R >>',
] as const;

/** The specimen with bookmarks, which the reader takes. */
export const withOutline: Change = ({ values }) => {
  values[0] = '<< /Type /Catalog /Pages 2 0 R /Outlines 17 0 R >>';
  values.push(ROOT, ...ITEMS);
};

/** Changes text in object k; a piece that is not there would make the breach void. */
const but =
  (object: number, from: string, to: string): Change =>
  (objects) => {
    withOutline(objects);
    const value = objects.values[object - 1];
    if (typeof value !== 'string' || !value.includes(from)) throw new Error(`object ${object} has no ${from}`);
    objects.values[object - 1] = value.replace(from, () => to);
  };

const items =
  (...values: readonly string[]): Change =>
  (objects) => {
    objects.values[0] = '<< /Type /Catalog /Pages 2 0 R /Outlines 17 0 R >>';
    objects.values.push(...values);
  };

/** A chain of items, each in the one before. */
const deep = (levels: number): readonly string[] => [
  '<< /Type /Outlines /First 18 0 R /Last 18 0 R /Count 1 >>',
  ...Array.from({ length: levels }, (_, i) => {
    const inner = i + 1 < levels ? ` /First ${19 + i} 0 R /Last ${19 + i} 0 R /Count -1` : '';
    return `<< /Title <FEFF0061> /Parent ${17 + i} 0 R${inner} >>`;
  }),
];

const flat = (count: number): readonly string[] => [
  `<< /Type /Outlines /First 18 0 R /Last ${17 + count} 0 R /Count ${count} >>`,
  ...Array.from({ length: count }, (_, i) => {
    const previous = i > 0 ? ` /Prev ${17 + i} 0 R` : '';
    const next = i + 1 < count ? ` /Next ${19 + i} 0 R` : '';
    return `<< /Title <FEFF0061> /Parent 17 0 R${previous}${next} >>`;
  }),
];

/** Trees at their limits, which the reader takes. */
export const outlinesAtLimits: readonly Change[] = [items(...deep(8)), items(...flat(2000))];

const FIRST_DESTINATION = '/Dest [11 0 R /XYZ null 841.89 null]';

export const OUTLINE_RULES: readonly { readonly rule: string; readonly changes: readonly Change[] }[] = [
  {
    rule: '§3a the catalog names the outline, and nothing else',
    changes: [
      but(1, ' /Outlines 17 0 R', ''),
      but(1, '/Outlines 17 0 R', '/Outlines 18 0 R'),
      but(1, '/Outlines 17 0 R', '/Outlines 17 0 R /PageMode /UseOutlines'),
      but(1, '/Outlines 17 0 R', '/Outlines 17 0 R /OpenAction [11 0 R /Fit]'),
      ({ values }) => {
        values[0] = '<< /Type /Catalog /Pages 2 0 R /Outlines 17 0 R >>';
      },
      items('<< /Type /Outlines >>'),
      items('<< /Type /Outlines /First 18 0 R /Last 18 0 R /Count 0 >>'),
    ],
  },
  {
    rule: '§3a root',
    changes: [
      but(17, '/First 18', '/First 19'),
      but(17, '/Last 21', '/Last 18'),
      but(17, '/Count 2', '/Count 4'),
      but(17, '/Count 2', '/Count -2'),
      but(17, ' /Count 2', ''),
      but(17, '/Count 2', '/Count 2 /Metadata 3 0 R'),
    ],
  },
  {
    rule: '§3a items lead to pages and do nothing else',
    changes: [
      but(18, FIRST_DESTINATION, '/A << /S /URI /URI (http://example.jp/) >>'),
      but(18, FIRST_DESTINATION, '/A << /S /JavaScript /JS (app.alert\\(1\\)) >>'),
      but(18, FIRST_DESTINATION, '/A << /S /Launch /F (calc.exe) >>'),
      but(18, FIRST_DESTINATION, `${FIRST_DESTINATION} /A << /S /GoTo /D [11 0 R /Fit] >>`),
      but(18, '/Parent 17', '/A << /S /GoToR /F (x) >> /Parent 17'),
      but(18, FIRST_DESTINATION, '/Dest (name)'),
      but(18, FIRST_DESTINATION, '/Dest /name'),
      but(18, FIRST_DESTINATION, '/Dest [11 0 R /Fit]'),
      but(18, '11 0 R /XYZ null 841.89', '0 /XYZ null 841.89'),
      but(18, '[11 0 R', '[12 0 R'),
      but(18, '[11 0 R', '[17 0 R'),
      but(18, '841.89', '841.90'),
      but(18, '841.89', '842'),
      but(18, '841.89', '-1'),
      but(18, '841.89', '1.'),
      but(18, '841.89', '1.10'),
      but(18, '841.89', '01'),
      but(18, '841.89 null', '841.89 4'),
      but(18, 'XYZ null', 'XYZ 0'),
      but(20, 'null 0 null', 'null 50.6 null'),
      but(18, FIRST_DESTINATION, `${FIRST_DESTINATION} /C [1 0 0]`),
      but(18, FIRST_DESTINATION, `${FIRST_DESTINATION} /F 2`),
      but(18, FIRST_DESTINATION, `${FIRST_DESTINATION} /SE 11 0 R`),
    ],
  },
  {
    rule: '§3a titles',
    changes: [
      but(18, '<FEFF4E00>', '(text)'),
      but(18, '<FEFF4E00>', '<FEFF>'),
      but(18, '<FEFF4E00>', '<4E00>'),
      but(18, '<FEFF4E00>', '<FFFE004E>'),
      but(18, '<FEFF4E00>', '<FEFF4e00>'),
      but(18, '<FEFF4E00>', '<FEFF4E0>'),
      but(18, '<FEFF4E00>', '<FEFF4E00 >'),
      ...['202E', '200B', '0000', '000A', 'FEFF', 'D800', 'DC00', 'FFFF', 'DB40DC41'].map((hex) =>
        but(18, '4E00', `4E00${hex}`),
      ),
      but(18, '4E00', '4E00'.repeat(401)),
    ],
  },
  {
    rule: '§3a the tree',
    changes: [
      but(18, '/Parent 17', '/Parent 18'),
      but(18, '/Parent 17', '/Parent 21'),
      but(18, '/Next 21', '/Next 20'),
      but(18, '/First 19', '/First 18'),
      but(18, '/Last 20', '/Last 21'),
      but(18, '/Count -2', '/Count 2'),
      but(18, '/Count -2', '/Count -3'),
      but(18, '/Count -2', '/Count 0'),
      but(19, '/Next 20', '/Next 19'),
      but(20, '/Prev 19', '/Prev 18'),
      but(21, ' /Prev 18 0 R', ''),
      but(21, '/Prev 18 0 R', '/Prev 18 0 R /Next 18 0 R'),
      but(21, '/Parent 17', '/Parent 19'),
      but(20, '/Parent 18 0 R /Prev 19 0 R', '/Prev 19 0 R /Parent 18 0 R'),
      (objects) => {
        withOutline(objects);
        objects.values.push('<< /Title <FEFF4E8C> /Parent 19 0 R >>');
      },
      (objects) => {
        withOutline(objects);
        objects.values.push('<< /Type /Catalog /Pages 2 0 R >>');
      },
      items(...deep(9)),
      items(...flat(2001)),
    ],
  },
];
