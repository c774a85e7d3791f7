/**
 * An nginx that runs by config/deploy/nginx.conf, with ports and certificates of a test in the place of those there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { generate } from 'selfsigned';
import { temporaryPaths } from '../harness/nginx-paths.ts';
import { accepts, freePort } from '../harness/port.ts';

const SITE = new URL('../../config/deploy/nginx.conf', import.meta.url);

/** Whole configurations have what sites are included in; Debian's is such a one. */
const around = (folder: string) => `
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log;
events { worker_connections 256; }
http {
  access_log off;
  ${temporaryPaths(folder)}
  include ${folder}/site.conf;
}
`;

export interface Behind {
  readonly api: string;
  readonly admin: string;
}

export class SiteNginx {
  readonly port: number;
  /** The certificate, in PEM. */
  readonly certificate: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(port: number, certificate: string, folder: string, child: ChildProcess) {
    this.port = port;
    this.certificate = certificate;
    this.#folder = folder;
    this.#process = child;
  }

  static async start({ api, admin }: Behind): Promise<SiteNginx> {
    const folder = mkdtempSync(join(tmpdir(), 'refrain-nginx-'));
    const names = ['refrain.example', 'admin.refrain.example'].map((value) => ({ type: 2 as const, value }));
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'refrain.example' }], {
      extensions: [{ name: 'subjectAltName', altNames: names }],
    });
    writeFileSync(join(folder, 'refrain.example.pem'), cert);
    writeFileSync(join(folder, 'refrain.example.key'), key);
    const port = await freePort();
    const site = readFileSync(SITE, 'utf8')
      .replaceAll('listen 443 ', `listen 127.0.0.1:${port} `)
      .replaceAll('/etc/ssl/', `${folder}/`)
      .replaceAll('127.0.0.1:4747', new URL(api).host)
      .replaceAll('127.0.0.1:4748', new URL(admin).host);
    writeFileSync(join(folder, 'site.conf'), site);
    writeFileSync(join(folder, 'nginx.conf'), around(folder));
    const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'inherit' });
    await once(child, 'spawn');
    while (!(await accepts(port))) {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${readFileSync(join(folder, 'nginx.log'), 'utf8')}`);
      await setTimeout(10);
    }
    return new SiteNginx(port, cert, folder, child);
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
