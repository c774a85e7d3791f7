#!/usr/bin/env -S node --max-semi-space-size=8 --disable-warning=ExperimentalWarning
/**
 * The program. What V8 has compiled is kept beside what is installed, which
 * takes a third off each further start; not in the system's temporary
 * directory, where others could leave code of theirs.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/refrain', import.meta.url)));
const { main } = await import('./cli/main.ts');
await main();
