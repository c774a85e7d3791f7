/**
 * Builds the operator's page into dist/dashboard. Where Vite is not installed it says so in one line and ends well: the
 * proxy needs no page.
 */
import { fileURLToPath } from 'node:url';

const vite = await import('vite').catch(() => null);

if (vite) await vite.build({ configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)) });
else console.log('the operator’s page is not built: Vite is not installed (npm ci, without --omit=dev, has it)');
