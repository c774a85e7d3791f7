/**
 * An nginx in front of the proxy, as people put one there: it keeps connections
 * to it, on which requests of different clients follow one another.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { temporaryPaths } from '../harness/nginx-paths.ts';
import { accepts, freePort } from '../harness/port.ts';

/** An nginx that ends TLS, and hands on the name that it was asked by. */
export interface NginxTls {
  readonly cert: string;
  readonly key: string;
}

const config = (folder: string, port: number, upstream: string, tls: NginxTls | null) => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log;
events { worker_connections 256; }
http {
  access_log off;
  ${temporaryPaths(folder)}
  underscores_in_headers on;
  ignore_invalid_headers off;
  merge_slashes off;
  large_client_header_buffers 8 64k;
  upstream refrain { server ${new URL(upstream).host}; keepalive 1; }
  server {
    listen 127.0.0.1:${port}${tls ? ' ssl' : ''};
    ${tls ? `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key};` : ''}
    location / {
      proxy_pass http://refrain;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_next_upstream off;
      ${tls ? 'proxy_set_header Host $http_host;' : ''}
    }
  }
}
`;

export class Nginx {
  readonly url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(url: string, folder: string, child: ChildProcess) {
    this.url = url;
    this.#folder = folder;
    this.#process = child;
  }

  /** @throws Error where nginx is not installed */
  static async start(upstream: string, tls: NginxTls | null = null): Promise<Nginx> {
    if (spawnSync('nginx', ['-v']).error)
      throw new Error('nginx is not installed; on Debian: apt-get install nginx-light');
    const folder = mkdtempSync(join(tmpdir(), 'refrain-nginx-'));
    const port = await freePort();
    writeFileSync(join(folder, 'nginx.conf'), config(folder, port, upstream, tls));
    const child = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    while (!(await accepts(port))) {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${readFileSync(join(folder, 'nginx.log'), 'utf8')}`);
      await setTimeout(10);
    }
    return new Nginx(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`, folder, child);
  }

  async stop(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGQUIT');
    await exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
