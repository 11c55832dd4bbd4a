/**
 * The operator's log: JSON lines on stderr, one event per step of docs/flow.md, always with tenant and messageId where
 * there are any. Subject, addresses, file names, body text, passwords and keys never go in: fields are ids, codes,
 * counts and times. The audit log is a different thing (audit/).
 */
import { type Logger as Pino, pino } from 'pino';
import { GatewayError } from '../message/errors.ts';
import { LineWriter } from './lines.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** `error` is logged by code, message and stack, a GatewayError also with its details as `where`. */
  error(event: string, fields?: LogFields, error?: unknown): void;
  with(fields: LogFields): Log;
}

/** @param level pino's level; 'silent' for tests. */
export function openLog(role: string, level: string): Log {
  const options = {
    level,
    base: { role, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    // «warn» instead of pino's 40: a person greps for it.
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const log = wrap(pino(options, { write: (line: string) => writer?.write(line) }));
  writer ??= openWriter(log);
  return log;
}

/** One for all logs of this process: they share the descriptor. */
let writer: LineWriter | undefined;

function openWriter(log: Log): LineWriter {
  const lines = new LineWriter({ fd: 2, onRoom: (dropped) => log.warn('log-dropped', { lines: dropped }) });
  process.once('exit', () => lines.end());
  return lines;
}

function wrap(logger: Pino): Log {
  return {
    debug: (event, fields) => logger.debug({ ...fields, event }),
    info: (event, fields) => logger.info({ ...fields, event }),
    warn: (event, fields) => logger.warn({ ...fields, event }),
    error: (event, fields, error) => logger.error({ ...fields, event, ...describe(error) }),
    with: (fields) => wrap(logger.child(fields)),
  };
}

function describe(error: unknown): LogFields {
  if (error === undefined) return {};
  if (!(error instanceof Error)) return { error: String(error) };
  const code = 'code' in error ? String(error.code) : undefined;
  const details = error instanceof GatewayError ? Object.entries(error.details) : [];
  const where = details.map(([name, value]) => `${name}=${value}`).join(' ');
  return { error: error.message, code, stack: error.stack, ...(where === '' ? {} : { where }) };
}
