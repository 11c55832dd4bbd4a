/**
 * A program of its own that makes missing keys and ends: `node make.ts DATA_DIR`. The supervisor lives long and must
 * not keep in its memory what only the roles may hold.
 */
import { GatewayError } from '../message/errors.ts';
import { createKeys } from './create.ts';

try {
  createKeys(process.argv[2] ?? '');
} catch (error) {
  const known = error instanceof GatewayError;
  process.stdout.write(
    JSON.stringify({ code: known ? error.code : 'E_KEY_UNREADABLE', message: (error as Error).message }),
  );
  process.exitCode = 1;
}
