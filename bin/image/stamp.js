/** After `npm ci` of production dependencies alone: `bin/*.js` must not install again what was left out on purpose. */
import { stampInstalled } from '../bootstrap.js';

stampInstalled();
