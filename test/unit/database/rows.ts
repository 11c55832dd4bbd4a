/** Rows and files for the tests of database/. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Insertable } from 'kysely';
import type { JobTable } from '../../../src/database/schema.ts';

export const jobRow = (id: string): Insertable<JobTable> => ({
  id,
  kind: 'process',
  tenant: 'chuo',
  message_id: null,
  lane: 'light',
  payload: '{}',
  state: 'waiting',
  due_at: 0,
  attempts: 0,
  lease_owner: null,
  lease_until: null,
  fence: 0,
  last_error: '',
  created_at: 0,
});

export const newFile = (): string => join(mkdtempSync(join(tmpdir(), 'sekisho-db-')), 'sekisho.sqlite');
