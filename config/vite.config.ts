/**
 * How the operator's page is built: one script, one style and an icon with their hashes in the names, each beside its
 * gzipped twin, and the licences of what is bundled.
 */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const ROOT = new URL('..', import.meta.url);

/** The packages whose code is in the script. */
const BUNDLED = ['preact', '@preact/signals', '@preact/signals-core', 'uplot'];

const licences: Plugin = {
  name: 'licences',
  generateBundle() {
    const texts = BUNDLED.map((name) => {
      const text = readFileSync(new URL(`node_modules/${name}/LICENSE`, ROOT), 'utf8');
      return `${name}\n\n${text.trim()}\n`;
    });
    this.emitFile({ type: 'asset', fileName: 'page/licences.txt', source: texts.join(`\n${'-'.repeat(72)}\n\n`) });
  },
};

const gzipped: Plugin = {
  name: 'gzipped',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      for (const part of Object.values(bundle)) {
        const source = part.type === 'chunk' ? part.code : part.source;
        this.emitFile({ type: 'asset', fileName: `${part.fileName}.gz`, source: gzipSync(source, { level: 9 }) });
      }
    },
  },
};

export default defineConfig({
  root: new URL('src/dashboard/', ROOT).pathname,
  base: './',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [licences, gzipped],
  build: {
    outDir: new URL('dist/dashboard', ROOT).pathname,
    emptyOutDir: true,
    assetsDir: 'page',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: false,
  },
});
