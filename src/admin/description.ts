/**
 * What `config/openapi.json` says of this listener, as it is sent.
 */
import { readFileSync } from 'node:fs';

export const DESCRIPTION = readFileSync(new URL('../../config/openapi.json', import.meta.url), 'utf8');
