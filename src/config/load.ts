/**
 * Reads the configuration: YAML 1.2, the schema, then what only holds between settings (rules.ts). All mistakes are
 * told at once, each with its place, what is wrong and what to do; with any mistake the start is refused.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { GatewayError } from '../message/errors.ts';
import { ROLES, type Role } from '../message/roles.ts';
import { MISTAKES } from '../message/texts-config.ts';
import { invalid, mistake, mistakesOf } from './mistakes.ts';
import { brokenRules } from './rules.ts';
import { type Settings, settingsSchema } from './schema.ts';

/** Ten thousand tenants fit; more is no configuration. */
const MAX_BYTES = 10 * 1024 * 1024;

/** Anchors may be used, but not to blow a small file up (the «billion laughs»). */
const MAX_ALIASES = 100;

/**
 * @param readers roles of this machine or container: files that only others read (a TLS key) need not be here.
 * @returns settings with all paths absolute. @throws GatewayError E_CONFIG_INVALID
 */
export function loadSettings(file: string, readers: readonly Role[] = ROLES): Settings {
  const path = resolve(file);
  return parseSettings(configText(path), path, readers);
}

/**
 * @param file absolute name of the file that `text` came from: relative paths start at its folder.
 * @throws GatewayError E_CONFIG_INVALID
 */
export function parseSettings(text: string, file: string, readers: readonly Role[] = ROLES): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const unreadable = document.errors.map(({ pos, message }) =>
    mistake('', MISTAKES.notYaml, { line: lines.linePos(pos[0]).line, detail: message }),
  );
  if (unreadable.length > 0) throw invalid(file, unreadable);

  const input = plainValue(document, file);
  const parsed = settingsSchema.safeParse(input);
  if (!parsed.success)
    throw invalid(
      file,
      parsed.error.issues.flatMap((issue) => mistakesOf(issue, input)),
    );

  const settings = withAbsolutePaths(parsed.data, dirname(file));
  const broken = brokenRules(settings, readers);
  if (broken.length > 0) throw invalid(file, broken);
  return settings;
}

/** @param file absolute. @throws GatewayError E_CONFIG_INVALID */
export function configText(file: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > MAX_BYTES)
      throw invalid(file, [mistake('', MISTAKES.tooLarge, { bytes: bytes.length, max: MAX_BYTES })]);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    if (error instanceof TypeError) throw invalid(file, [mistake('', MISTAKES.notUtf8)]);
    throw invalid(file, [mistake('', MISTAKES.unreadableFile, { code: codeOf(error) })]);
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

function plainValue(document: Document, file: string): unknown {
  try {
    // An empty file gets the same answers as an empty group: what is missing.
    return document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch (error) {
    throw invalid(file, [mistake('', MISTAKES.tooManyAliases, { detail: String(error) })]);
  }
}

function withAbsolutePaths(settings: Settings, folder: string): Settings {
  const at = (path: string): string => resolve(folder, path);
  const { intake, tenants, vault } = settings;
  return {
    ...settings,
    dataDir: at(settings.dataDir),
    intake:
      intake.tls === undefined
        ? intake
        : { ...intake, tls: { keyFile: at(intake.tls.keyFile), certFile: at(intake.tls.certFile) } },
    tenants: tenants.map((tenant) => {
      const { recipients, nextHop } = tenant;
      return {
        ...tenant,
        recipients: recipients.kind === 'list' ? { ...recipients, file: at(recipients.file) } : recipients,
        nextHop: nextHop.caFile === undefined ? nextHop : { ...nextHop, caFile: at(nextHop.caFile) },
      };
    }),
    vault: { ...vault, stores: vault.stores.map((store) => ({ ...store, path: at(store.path) })) },
  };
}
