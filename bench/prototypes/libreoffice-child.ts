/** Prototype, not part of the product: LibreOffice (WebAssembly, threads) in the place of jail/child.ts. See libreoffice.ts. */
import { createRequire } from 'node:module';
import { resourceUsage } from 'node:process';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { isRecord, type Parcel } from '../../src/jail/protocol.ts';
import { muteConsole, serve } from '../../src/jail/serve.ts';

interface Converter {
  initialize(): Promise<void>;
  convert(bytes: Uint8Array, options: object, name: string): Promise<{ readonly data: Uint8Array }>;
}

muteConsole();
// The folder with the package is the parent's to choose: it is no dependency of ours.
const require = createRequire(`${process.argv[2]}/package.json`);
/** Without this each of its threads maps 512 MiB for code that V8 may generate, all of it counted by RLIMIT_DATA. */
const CODE_RANGE_MIB = 32;
const threadsModule = require('node:worker_threads') as { Worker: typeof Worker };
threadsModule.Worker = class extends Worker {
  constructor(file: string | URL, options?: WorkerOptions) {
    super(file, { ...options, resourceLimits: { codeRangeSizeMb: CODE_RANGE_MIB } });
  }
};
const { LibreOfficeConverter } = require('@matbee/libreoffice-converter') as {
  readonly LibreOfficeConverter: new (options: object) => Converter;
};
const loader: unknown = require('@matbee/libreoffice-converter/wasm/loader');
/** Environment of the WebAssembly program, against hangs (engines.md); process.env does not reach it. */
const threads = { VCL_NO_THREAD_SCALE: '1', VCL_NO_THREAD_IMPORT: '1', SC_NO_THREADED_CALCULATION: '1' };
const wasmLoader = {
  ...(loader as object),
  createModule: (config: object) => {
    const preRun = [
      (): void => void Object.assign((globalThis as { Module?: { ENV?: object } }).Module?.ENV ?? {}, threads),
    ];
    return (loader as { createModule(config: object): Promise<unknown> }).createModule({ ...config, preRun });
  },
};
let converter: Converter | undefined;

/** Unlike the product's child this one tells an error's message: what is opened here is ours. */
await serve(async (ask) => {
  try {
    return await convert(ask);
  } catch (error) {
    return { body: { error: String((error as Error).stack).slice(0, 1000) }, blobs: [] };
  }
});

async function convert(ask: Parcel): Promise<Parcel> {
  const { format, name } = isRecord(ask.body) ? ask.body : {};
  const startedMs = performance.now();
  if (converter === undefined) {
    converter = new LibreOfficeConverter({ wasmLoader, verbose: false });
    await converter.initialize();
  }
  const readyMs = performance.now();
  const { data } = await converter.convert(
    ask.blobs[0] ?? new Uint8Array(),
    { outputFormat: 'pdf', inputFormat: format },
    String(name),
  );
  const { userCPUTime, systemCPUTime, maxRSS } = resourceUsage();
  const body = {
    initialisedMs: Math.round(readyMs - startedMs),
    convertedMs: Math.round(performance.now() - readyMs),
    cpuMs: Math.round((userCPUTime + systemCPUTime) / 1000),
    maxRssMiB: Math.round(maxRSS / 1024),
  };
  return { body, blobs: [data] };
}
