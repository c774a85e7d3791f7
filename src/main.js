#!/usr/bin/env -S node --max-semi-space-size=2 --no-warnings
/**
 * The program. Refuses a Node that cannot run the rest before it loads
 * anything; so this file is JavaScript that old ones read, without an import.
 *
 * Code that V8 has compiled is kept beside what is installed, which takes half
 * off each further start; not in the system's temporary directory, where others
 * could leave code of theirs. For this file alone nothing is kept, and Node
 * would load its compiler of types at each start if it had any.
 */

/** As `engines` in package.json has it. */
const LEAST_MAJOR = 22;
const LEAST_MINOR = 19;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > LEAST_MAJOR || (major === LEAST_MAJOR && minor >= LEAST_MINOR)) {
  run();
} else {
  process.stderr.write(
    `refrain: Node ${process.versions.node} is too old; install Node ${LEAST_MAJOR}.${LEAST_MINOR} or newer\n`,
  );
  process.exitCode = 1;
}

async function run() {
  // Old ones know no flag that silences one kind alone.
  if (process.listenerCount('warning') === 0) process.on('warning', reportWarning);
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  const kept = fileURLToPath(new URL('../node_modules/.cache/refrain', import.meta.url));
  process.getBuiltinModule('node:module').enableCompileCache(kept);
  // For the threads.
  process.env['NODE_COMPILE_CACHE'] = process.env['NODE_COMPILE_CACHE'] || kept;
  const { main } = await import('./cli/main.ts');
  await main();
}

/** @param {Error} warning */
function reportWarning({ name, message }) {
  if (name !== 'ExperimentalWarning') process.stderr.write(`refrain: ${name}: ${message}\n`);
}
