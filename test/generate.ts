/**
 * Writes what is made from code: `node test/generate.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { environmentExample, refreshDescription, refreshReadme } from './documents.ts';
import { GOLDEN_KEYS, refreshGoldenKeys } from './request/golden-keys.ts';

const README = new URL('../README.md', import.meta.url);
const DESCRIPTION = new URL('../config/openapi.json', import.meta.url);

writeFileSync(new URL('../.env.example', import.meta.url), environmentExample());
writeFileSync(README, refreshReadme(readFileSync(README, 'utf8')));
writeFileSync(DESCRIPTION, refreshDescription(readFileSync(DESCRIPTION, 'utf8')));
writeFileSync(GOLDEN_KEYS, refreshGoldenKeys(readFileSync(GOLDEN_KEYS, 'utf8')));
