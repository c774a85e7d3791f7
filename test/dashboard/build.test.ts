/**
 * The page as Vite builds it: small enough, whole, and nothing in it from elsewhere.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const CONFIG = new URL('../../config/vite.config.ts', import.meta.url).pathname;

/** The most that the page may take on its way, gzipped. */
const MOST_BYTES = 80 * 1024;

const outDir = mkdtempSync(join(tmpdir(), 'refrain-page-'));
let names: string[];

beforeAll(async () => {
  await build({ configFile: CONFIG, build: { outDir } });
  names = readdirSync(outDir, { recursive: true, encoding: 'utf8' });
});

afterAll(() => rmSync(outDir, { recursive: true }));

const sizeOf = (name: string) => readFileSync(join(outDir, name)).length;

test('the page takes at most 80 KB gzipped', () => {
  const packed = names.filter((name) => name.endsWith('.gz') && !name.includes('licences'));
  expect(packed.length).toBeGreaterThanOrEqual(4);
  const bytes = packed.reduce((sum, name) => sum + sizeOf(name), 0);
  console.log(`the page: ${(bytes / 1024).toFixed(1)} KB gzipped`);
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES);
});

test('the shell has nothing inline, and names files with a hash', () => {
  const shell = readFileSync(join(outDir, 'index.html'), 'utf8');
  expect(shell).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*src=)/);
  const named = [...shell.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, name]) => name as string);
  expect(named.length).toBe(3);
  for (const name of named) {
    expect(name).toMatch(/^page\/[\w-]+-[\w-]{8}\.(js|css|svg)$/);
    expect(names).toContain(name);
    expect(names).toContain(`${name}.gz`);
  }
});

test('the licences of what is bundled are beside it', () => {
  const licences = readFileSync(join(outDir, 'page/licences.txt'), 'utf8');
  for (const name of ['preact', '@preact/signals', 'uplot']) expect(licences).toContain(`${name}\n`);
  expect(licences.match(/MIT/g)?.length).toBeGreaterThanOrEqual(4);
});
