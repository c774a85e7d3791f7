/**
 * The parts of files that are made from code, written anew: `node test/generate.ts`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { environmentExample, generatedDocuments, refreshDocument } from './documents.ts';
import { GOLDEN_KEYS, refreshGoldenKeys } from './request/golden-keys.ts';

const ROOT = new URL('..', import.meta.url);

writeFileSync(new URL('.env.example', ROOT), environmentExample());
for (const path of generatedDocuments) {
  const document = new URL(path, ROOT);
  writeFileSync(document, refreshDocument(path, readFileSync(document, 'utf8')));
}
writeFileSync(GOLDEN_KEYS, refreshGoldenKeys(readFileSync(GOLDEN_KEYS, 'utf8')));
