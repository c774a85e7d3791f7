#!/usr/bin/env node
/**
 * The program. Refuses a Node that cannot run the rest before it loads
 * anything; so this file is JavaScript that old ones read, without an import.
 *
 * Code that V8 has compiled is kept beside what is installed, which takes half
 * off each further start; not in the system's temporary directory, where others
 * could leave code of theirs. For this file alone nothing is kept, and Node
 * would load its compiler of types at each start if it had any.
 *
 * The space of young objects stays as small as it begins, unless Node's own flags
 * say how large: a proxy hands bytes on and has few of them, and V8 would let
 * it grow to 16 times that, or more, and never give it back.
 */

/** As `engines` in package.json has it. */
const LEAST_MAJOR = 22;
const LEAST_MINOR = 19;
/** Of the flags about that space, this one alone is still read once a process runs. */
const SMALL_YOUNG_SPACE = '--semi-space-growth-factor=1';
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
  const flags = process.execArgv.concat(process.env['NODE_OPTIONS'] || '').join(' ');
  if (!flags.includes('semi-space')) process.getBuiltinModule('node:v8').setFlagsFromString(SMALL_YOUNG_SPACE);
  silenceExperiments();
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  const kept = fileURLToPath(new URL('../node_modules/.cache/refrain', import.meta.url));
  process.getBuiltinModule('node:module').enableCompileCache(kept);
  // For the threads.
  process.env['NODE_COMPILE_CACHE'] = process.env['NODE_COMPILE_CACHE'] || kept;
  const { main } = await import('./cli/main.ts');
  await main();
}

/** That SQLite is young is no news to whoever starts a proxy. Node has no listener where it is to be silent. */
function silenceExperiments() {
  const report = process.listeners('warning').find(({ name }) => name === 'onWarning');
  if (report === undefined) return;
  process.off('warning', report);
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') report.call(process, warning);
  });
}
