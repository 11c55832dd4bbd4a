/** One PDF in one engine instance of its own: open, page by page, and what the document says about itself. */
import { installFonts } from './fonts.ts';
import { type Instance, instantiate } from './runtime.ts';

/**
 * Heap of one document: the bitmap of a page of 60 megapixels (240 MB) and 144 MB for the document itself; the public
 * corpora need less than 128 MB. The bombs of samples/pdf reach it in about a second, with 512 MiB in two.
 */
export const MAX_HEAP_BYTES = 384 * 1024 * 1024;

/** FPDF_GetLastError. */
const PASSWORD_ERROR = 4;
const SECURITY_ERROR = 5;

export type Opened =
  | { readonly kind: 'open'; readonly document: PdfDocument }
  | { readonly kind: 'password' }
  | { readonly kind: 'unreadable'; readonly detail: string };

/** FPDF_GetFormType. */
export type FormType = 'none' | 'acroform' | 'xfa-dynamic' | 'xfa-static';
const FORM_TYPES: readonly FormType[] = ['none', 'acroform', 'xfa-dynamic', 'xfa-static'];

export interface PdfDocument {
  readonly instance: Instance;
  readonly handle: number;
  readonly pageCount: number;
  readonly formType: FormType;
  /** Form environment, made when a page first needs it. */
  form(): number;
}

/**
 * Opens the document without password, then with each of `passwords`.
 * @throws WebAssembly.RuntimeError when the engine traps: the instance is lost then, which is the caller's concern no more.
 */
export function openDocument(bytes: Uint8Array, passwords: readonly string[]): Opened {
  const instance = instantiate(MAX_HEAP_BYTES);
  const { lib } = instance;
  initLibrary(instance);
  const data = lib.malloc(bytes.length);
  if (data === 0) return { kind: 'unreadable', detail: 'larger than the engine heap' };
  instance.bytes().set(bytes, data);
  let error = 0;
  for (const password of candidates(passwords)) {
    const handle = lib.FPDF_LoadMemDocument64(data, bytes.length, cBytes(instance, password));
    if (handle !== 0) return { kind: 'open', document: describe(instance, handle) };
    error = lib.FPDF_GetLastError();
    if (error !== PASSWORD_ERROR) break;
  }
  if (error === PASSWORD_ERROR) return { kind: 'password' };
  if (error === SECURITY_ERROR) return { kind: 'unreadable', detail: 'unknown encryption method' };
  return { kind: 'unreadable', detail: `not readable as PDF (engine error ${error})` };
}

function initLibrary(instance: Instance): void {
  const config = instance.lib.malloc(32);
  instance.bytes().fill(0, config, config + 32);
  instance.view().setInt32(config, 2, true);
  instance.lib.FPDF_InitLibraryWithConfig(config);
  installFonts(instance);
}

/** Each password as the bytes it may have been hashed from: UTF-8 (revision 5 and 6), Latin-1 (older), none at first. */
function* candidates(passwords: readonly string[]): Generator<Uint8Array> {
  yield new Uint8Array();
  for (const password of passwords) {
    const utf8 = Buffer.from(password, 'utf8');
    yield utf8;
    const latin1 = Buffer.from(password, 'latin1');
    if (latin1.toString('latin1') === password && !latin1.equals(utf8)) yield latin1;
  }
}

function cBytes(instance: Instance, text: Uint8Array): number {
  const pointer = instance.lib.malloc(text.length + 1);
  const heap = instance.bytes();
  heap.set(text, pointer);
  heap[pointer + text.length] = 0;
  return pointer;
}

function describe(instance: Instance, handle: number): PdfDocument {
  const { lib } = instance;
  let form = 0;
  return {
    instance,
    handle,
    pageCount: lib.FPDF_GetPageCount(handle),
    formType: FORM_TYPES[lib.FPDF_GetFormType(handle)] ?? 'none',
    form: () => {
      if (form === 0) form = lib.PDFiumExt_InitFormFillEnvironment(handle, lib.PDFiumExt_OpenFormFillInfo());
      return form;
    },
  };
}
