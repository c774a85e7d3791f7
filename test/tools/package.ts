/**
 * The package as it is published, and folders that it is installed in, by versions of Node of their own.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = new URL('../..', import.meta.url).pathname;

const run = promisify(execFile);

/** A folder for packages, and for homes of users. */
export class Packages {
  readonly folder = mkdtempSync(join(tmpdir(), 'refrain-packages-'));

  /** @returns the path of the tarball that `npm pack` makes */
  async pack(): Promise<string> {
    const args = ['pack', '--json', '--silent', '--pack-destination', this.folder];
    const { stdout } = await run('npm', args, { cwd: ROOT });
    // The words of the build come first.
    const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ filename: string }];
    return join(this.folder, filename);
  }

  /** @returns the folder of the programs of a version of Node */
  async node(version: string): Promise<string> {
    const folder = this.make(`node-${version}`);
    // Its script of installation fetches the program.
    writeFileSync(join(folder, 'package.json'), '{"private":true,"allowScripts":{"node":true}}');
    await run('npm', ['install', '--no-audit', '--no-fund', `node@${version}`], { cwd: folder });
    const bin = join(folder, 'node_modules', 'node', 'bin');
    if (!existsSync(join(bin, 'node'))) throw new Error(`npm installed no Node ${version}`);
    return bin;
  }

  make(name: string): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The search path with programs of a folder before all others. */
export function pathBefore(folder: string): string {
  return [folder, process.env['PATH']].join(delimiter);
}
