/**
 * The operator's page: `GET /` and the files that it names, from memory. It is a public shell, like any other client of
 * the admin API: nothing of a cache is in it, and it asks for the token itself.
 *
 * The files are read when the page is first asked for: a proxy that nobody looks at pays nothing.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { NextFunction, Request, Response } from 'express';

/** A file as it is sent, and the same gzipped. */
interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly gzipped: Buffer;
}

type PageFiles = ReadonlyMap<string, PageFile>;

/** The folder that `npm run build` fills, seen from here and from what is compiled. */
const BUILT = new URL('../../dist/dashboard/', import.meta.url);

/** The folder below it, and in the address, of all that has a hash in its name. */
const HASHED = '/page/';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** Nothing inline, nothing evaluated, no markup from strings, and no address but this listener's. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const UNBUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Refrain</title>
<h1>The page is not built</h1>
<p>The proxy runs, and its admin API answers. In a checkout, <code>npm ci</code> or <code>npm run build</code> builds
this page; then load it again. A package from the registry has it.</p>
</html>
`;

/** Answers for the page; everything else is for those that come after it. */
export function createPage(folder = BUILT): (request: Request, response: Response, next: NextFunction) => void {
  let files: PageFiles | null = null;
  return (request, response, next) => {
    const { method, path } = request;
    if ((method !== 'GET' && method !== 'HEAD') || (path !== '/' && !path.startsWith(HASHED))) return next();
    files ??= readFiles(folder);
    const file = files?.get(path);
    if (!file && path !== '/') return next();
    response.set({ 'content-security-policy': POLICY, 'cache-control': cachingOf(path) });
    if (!file) return void response.status(503).type('html').send(UNBUILT);
    const isGzipped = request.acceptsEncodings('gzip') === 'gzip';
    response.set({ 'content-type': file.type, 'vary': 'accept-encoding' });
    if (isGzipped) response.set('content-encoding', 'gzip');
    response.send(isGzipped ? file.gzipped : file.body);
  };
}

/** By their paths in addresses; null where nothing is built. */
function readFiles(folder: URL): PageFiles | null {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
    return new Map(
      names
        .filter((name) => names.includes(`${name}.gz`))
        .map((name) => [name === 'index.html' ? '/' : `/${name}`, readPageFile(folder, name)]),
    );
  } catch {
    return null;
  }
}

function readPageFile(folder: URL, name: string): PageFile {
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    body: readFileSync(new URL(name, folder)),
    gzipped: readFileSync(new URL(`${name}.gz`, folder)),
  };
}

function cachingOf(path: string): string {
  return path !== '/' && path !== `${HASHED}licences.txt` ? 'public, max-age=31536000, immutable' : 'no-cache';
}
