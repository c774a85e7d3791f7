#!/usr/bin/env -S node --max-semi-space-size=8 --disable-warning=ExperimentalWarning
/**
 * The program. What V8 has compiled is kept beside what is installed, which
 * takes half off each further start; not in the system's temporary directory,
 * where others could leave code of theirs.
 *
 * JavaScript, for without what is kept Node would load its compiler of types
 * at each start, for this file alone.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const kept = fileURLToPath(new URL('../node_modules/.cache/refrain', import.meta.url));
enableCompileCache(kept);
// For the threads.
process.env['NODE_COMPILE_CACHE'] ??= kept;
const { main } = await import('./cli/main.ts');
await main();
