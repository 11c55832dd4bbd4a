/**
 * SVG by resvg (Rust) in WebAssembly (@resvg/resvg-wasm): no scripts, no network, no files; text is drawn with our fonts.
 *
 * Danger: documents that multiply themselves (patterns in patterns, nested `use`), filters over huge areas. Method: one
 * instance a document with a limited memory; size fixed before anything is drawn; what loops is ended by the parent's clock.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import type { Resvg as ResvgClass, ResvgRenderOptions } from '@resvg/resvg-wasm';
import { cappedModule } from './capped-module.ts';
import { checkedPixels, type Pixels } from './pixels.ts';

interface Package {
  readonly Resvg: typeof ResvgClass;
  initWasm(module: WebAssembly.Module): Promise<void>;
}

/** 60 Mpx as RGBA are 240 MB, filters and groups take layers of that size; the four fonts are 26 MB. */
const MAX_HEAP_BYTES = 640 * 1024 * 1024;

const FONTS = [
  '@expo-google-fonts/noto-sans-jp/400Regular/NotoSansJP_400Regular.ttf',
  '@expo-google-fonts/noto-sans-jp/700Bold/NotoSansJP_700Bold.ttf',
  '@expo-google-fonts/noto-serif-jp/400Regular/NotoSerifJP_400Regular.ttf',
  '@expo-google-fonts/noto-serif-jp/700Bold/NotoSerifJP_700Bold.ttf',
] as const;
const [SANS, SERIF] = ['Noto Sans JP', 'Noto Serif JP'];

const require = createRequire(import.meta.url);

let compiled: WebAssembly.Module | undefined;

const wasm = (): WebAssembly.Module =>
  (compiled ??= cappedModule(readFileSync(require.resolve('@resvg/resvg-wasm/index_bg.wasm')), MAX_HEAP_BYTES));

let source: Script | undefined;

/** The package keeps its instance for ever, so its code is evaluated anew for each document. */
function freshPackage(): Package {
  source ??= new Script(
    `(function (exports, module, require) {${readFileSync(require.resolve('@resvg/resvg-wasm'), 'utf8')}\n})`,
    { filename: 'resvg-wasm.cjs' },
  );
  const module: { exports: Partial<Package> } = { exports: {} };
  source.runInThisContext()(module.exports, module, require);
  return module.exports as Package;
}

let loaded: Uint8Array[] | undefined;

const fonts = (): Uint8Array[] =>
  (loaded ??= FONTS.map((name) => readFileSync(fileURLToPath(import.meta.resolve(name)))));

const options = (hasText: boolean, fitTo: NonNullable<ResvgRenderOptions['fitTo']>): ResvgRenderOptions => ({
  background: 'white',
  fitTo,
  languages: ['ja', 'en'],
  font: {
    fontBuffers: hasText ? fonts() : [],
    defaultFontFamily: SANS,
    sansSerifFamily: SANS,
    serifFamily: SERIF,
    cursiveFamily: SERIF,
    fantasyFamily: SANS,
    monospaceFamily: SANS,
  },
});

export interface SvgDrawing {
  /** In its own pixels (96 an inch). */
  readonly width: number;
  readonly height: number;
  /** Addresses of pictures that it wants and does not get. */
  readonly missing: number;
  /** On white. @throws when the memory does not suffice */
  draw(width: number): Pixels;
}

/** @throws the engine's word when the text is no SVG that can be drawn; an instance is not used after a throw */
export async function openSvg(text: string, hasText: boolean): Promise<SvgDrawing> {
  const { Resvg, initWasm } = freshPackage();
  await initWasm(wasm());
  const look = new Resvg(text, options(false, { mode: 'original' }));
  const { width, height } = look;
  const missing = look.imagesToResolve().length;
  look.free();
  return {
    width,
    height,
    missing,
    draw(wanted) {
      const image = new Resvg(text, options(hasText, { mode: 'width', value: wanted })).render();
      return checkedPixels(image.width, image.height, image.pixels.slice());
    },
  };
}
