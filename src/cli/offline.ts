/** The jail for commands that run without a configuration: the schema's own defaults. */
import { settingsSchema } from '../config/schema.ts';
import type { OpenOptions } from '../jail/open.ts';

/** @param secretFolder what the jail's probe must not be able to read. */
export const offlineJail = (secretFolder: string): OpenOptions['settings'] => ({
  profile: 'demo',
  dataDir: secretFolder,
  jail: settingsSchema.shape.jail.parse(undefined),
  sanitizer: settingsSchema.shape.sanitizer.parse(undefined),
});
