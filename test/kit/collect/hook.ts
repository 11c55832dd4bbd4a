/** `node --import` of it in processes that tests start: the command line's outputs are kept like those made in a test. */
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { standIn } from './places.ts';

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    if (!found.url.startsWith('file:') || context.parentURL?.startsWith('file:') !== true) return found;
    const wrapped = standIn(fileURLToPath(found.url), fileURLToPath(context.parentURL));
    return wrapped === undefined ? found : { ...found, url: pathToFileURL(wrapped).href };
  },
});
