/** What is to be done with which file, for whom. Plain data: it crosses into the jail as JSON. */

export interface Limits {
  /** Leaves and multiparts together. threats.tsv M33: 200,000 empty parts fit into 1.3 MB. */
  readonly maxParts: number;
  /** Nesting of multiparts and of files in files, counted over the whole message. */
  readonly maxDepth: number;
  /** One decoded attachment. */
  readonly maxFileBytes: number;
  /** All files unpacked from archives and attached mails of one message, together. */
  readonly maxInnerBytes: number;
  /** All files written for one message. */
  readonly maxOutputBytes: number;
  /** Characters of text that become the body; the rest goes into an attached .txt. */
  readonly maxBodyChars: number;
  readonly maxPages: number;
  /** Pixels of one rendered page or decoded image, in millions. */
  readonly maxMegapixels: number;
  /** Picture of one page of a PDF; above it the page is drawn once more, coarser. */
  readonly maxPageBytes: number;
  /** Wall clock for one document in the jail. */
  readonly documentMs: number;
  /** Wall clock for the whole message in the jail. */
  readonly messageMs: number;
}

export interface Policy {
  readonly name: string;
  /** First 16 hex digits of the SHA-256 of this policy's canonical JSON without this field. */
  readonly version: string;
  /** Resolution at which PDF pages are rendered. */
  readonly pdfDpi: number;
  /** Links in the body: the target's address is shown so that no program makes it clickable, or only its host is. */
  readonly links: 'defang' | 'host-only';
  /** Files out of one archive or attached mail that go on as attachments; more go on as one ZIP with the same folders. */
  readonly maxLooseFiles: number;
  readonly limits: Limits;
}

/** Where each number comes from stands beside it; config/schema.ts bounds what an operator may set. */
export const DEFAULT_LIMITS: Limits = {
  maxParts: 500, // threats.tsv M33; the largest real mail of the corpus has 37
  maxDepth: 20, // threats.tsv M32
  maxFileBytes: 64 * 1024 * 1024, // larger than any mail we accept
  maxInnerBytes: 256 * 1024 * 1024, // threats.tsv A24: five times the largest mail, 5 s of inflating
  maxOutputBytes: 100 * 1024 * 1024, // pixel PDFs of text grow: twice the largest mail
  maxBodyChars: 400_000, // about 200 printed pages; more is a file, not a mail body
  maxPages: 500, // engines.md
  maxMegapixels: 60, // engines.md: A0 at 150 dpi is 35
  maxPageBytes: 2 * 1024 * 1024, // a colour scan at 150 dpi takes 0.3 MB, pure noise 1.5; ten such pages pass most mail servers
  documentMs: 60_000, // engines.md: worst of 1,002 public PDFs took 11.3 s
  messageMs: 240_000, // several documents in one mail
};

export const DEFAULT_POLICY: Omit<Policy, 'version'> = {
  name: 'default',
  pdfDpi: 150, // engines.md: legible at A4, 38 ms a page
  links: 'defang',
  maxLooseFiles: 10, // what a mail program shows without scrolling
  limits: DEFAULT_LIMITS,
};
