/**
 * The files of an nginx that caches POST requests by their bodies: one process,
 * as the servers beside it are.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryPaths } from '../../harness/nginx-paths.ts';
import { freePort } from '../../harness/port.ts';

export async function writeNginxFiles(upstream: string, folder: string): Promise<{ config: string; port: number }> {
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  mkdirSync(join(folder, 'cache'), { recursive: true });
  writeFileSync(
    config,
    `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log;
events { worker_connections 1024; }
http {
  access_log off;
  ${temporaryPaths(folder)}
  proxy_cache_path ${folder}/cache keys_zone=answers:16m max_size=256m;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port};
    client_body_buffer_size 2m;
    client_max_body_size 2m;
    location / {
      proxy_pass ${upstream};
      proxy_cache answers;
      proxy_cache_methods POST;
      proxy_cache_key "$request_uri|$request_body";
      proxy_cache_valid 200 1h;
    }
  }
}
`,
  );
  return { config, port };
}
