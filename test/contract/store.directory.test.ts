import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openDirectory } from '../../src/vault/directory.ts';
import { storeContract } from './store.ts';

const root = mkdtempSync(join(tmpdir(), 'sekisho-store-'));
afterAll(() => rmSync(root, { recursive: true }));

storeContract('directory', () => openDirectory({ name: 'a', path: mkdtempSync(join(root, 's-')) }));
