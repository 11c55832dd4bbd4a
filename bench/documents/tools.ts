/** What else makes harmless pages or pictures out of documents: command lines as their users write them, 150 dpi. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { debianVersions } from '../peers/versions.ts';

export interface Tool {
  readonly name: string;
  readonly kind: 'pdf' | 'image';
  /** Programs that must be there. */
  readonly needs: readonly string[];
  /** Debian packages, for their versions. */
  readonly packages: readonly string[];
  /** A shell line that writes one file. */
  command(input: string, output: string, folder: string): string;
}

const DPI = 150;

const quoted = (path: string): string => `'${path.replaceAll("'", `'\\''`)}'`;

export const TOOLS: readonly Tool[] = [
  {
    name: 'gs pdfimage24',
    kind: 'pdf',
    needs: ['/usr/bin/gs'],
    packages: ['ghostscript'],
    command: (input, output) =>
      `exec gs -q -dSAFER -dBATCH -dNOPAUSE -sDEVICE=pdfimage24 -r${DPI} -o ${quoted(output)} ${quoted(input)}`,
  },
  {
    name: 'pdftoppm -jpeg + img2pdf',
    kind: 'pdf',
    needs: ['/usr/bin/pdftoppm', '/usr/bin/img2pdf'],
    packages: ['poppler-utils', 'img2pdf'],
    command: (input, output, folder) =>
      `pdftoppm -jpeg -r ${DPI} ${quoted(input)} ${quoted(join(folder, 'p'))} && exec img2pdf -o ${quoted(output)} ${quoted(folder)}/p*.jpg`,
  },
  {
    name: 'mutool draw + img2pdf',
    kind: 'pdf',
    needs: ['/usr/bin/mutool', '/usr/bin/img2pdf'],
    packages: ['mupdf-tools', 'img2pdf'],
    command: (input, output, folder) =>
      `mutool draw -q -r ${DPI} -o ${quoted(join(folder, 'p%04d.png'))} ${quoted(input)} && exec img2pdf -o ${quoted(output)} ${quoted(folder)}/p*.png`,
  },
  {
    name: 'ImageMagick convert -strip',
    kind: 'image',
    needs: ['/usr/bin/convert-im6.q16'],
    packages: ['imagemagick'],
    command: (input, output) => `exec /usr/bin/convert-im6.q16 ${quoted(input)} -strip ${quoted(output)}`,
  },
  {
    name: 'vips copy, stripped',
    kind: 'image',
    needs: ['/usr/bin/vips'],
    packages: ['libvips-tools'],
    command: (input, output) => `exec vips copy ${quoted(input)} ${quoted(`${output}[strip]`)}`,
  },
];

/** Every program that the document half calls, those that judge outputs included. */
export const DOCUMENT_PROGRAMS = [
  ...new Set([...TOOLS.flatMap(({ needs }) => needs), '/usr/bin/pdfinfo', '/usr/bin/qpdf']),
];

export const missingFor = ({ needs }: Tool): readonly string[] => needs.filter((path) => !existsSync(path));

export const versionOf = ({ packages }: Tool): string => debianVersions(packages);

/** An exit code of 0 proves nothing: gs was seen to end with 0 and no output. */
export function outputProblem(kind: 'pdf' | 'image', output: string, pages: number): string | undefined {
  if (!existsSync(output)) return 'no output';
  if (kind === 'image') return undefined;
  const text = execFileSync('pdfinfo', [output], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const found = Number(/^Pages:\s+(\d+)$/m.exec(text)?.[1]);
  // Ours may have more: links and comments are listed on pages of their own at the end.
  return found >= pages ? undefined : `${basename(output)}: ${found} pages, expected ${pages}`;
}
