/**
 * The page, built from the sources as they are, once for all tests of a run.
 */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export default async function buildPage(): Promise<void> {
  await build({ configFile: fileURLToPath(new URL('../../config/vite.config.ts', import.meta.url)) });
}
