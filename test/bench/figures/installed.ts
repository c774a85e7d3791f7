/**
 * The disk space of an installation for production: the package as it is
 * published and everything that it depends on.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Line } from '../table.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export async function* measureInstalled(): AsyncIterable<Line> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bench-'));
  try {
    const npm = (cwd: string, ...args: string[]) =>
      execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const [{ filename }] = JSON.parse(npm(ROOT, 'pack', '--json', '--silent', '--pack-destination', folder)) as [
      { filename: string },
    ];
    npm(folder, 'install', '--omit=dev', '--no-audit', '--no-fund', join(folder, filename));
    const bytes = Number(
      execFileSync('du', ['-sb', join(folder, 'node_modules')], { encoding: 'utf8' }).split('\t')[0],
    );
    yield {
      what: 'installed for production',
      measured: `${(bytes / 1e6).toFixed(1)} MB`,
      beside: '',
      figure: bytes / 1e6,
      budget: 25,
      unit: 'MB',
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
