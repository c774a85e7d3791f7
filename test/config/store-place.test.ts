import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, posix, win32 } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { type Disk, ownDisk, PROJECT_FILES, storePlace } from '../../src/config/store-place.ts';
import { createProcessInput, loadConfig } from './process-input.ts';

/** A disk that has these files, and folders where everybody may write. */
const diskOf = (files: readonly string[], ...open: readonly string[]): Disk => ({
  has: (path) => files.includes(path),
  isPublic: (folder) => open.includes(folder),
});

describe('a folder of a project', () => {
  const env = { HOME: '/home/ann' };
  const at = (cwd: string, files: readonly string[], open: readonly string[] = []) =>
    storePlace({ platform: 'linux', env, cwd, disk: diskOf(files, ...open) });
  const user = { path: '/home/ann/.cache/refrain/cache.sqlite', isOfUser: true };

  it.each(PROJECT_FILES)('is told by %s', (name) => {
    expect(at('/home/ann/work', [`/home/ann/work/${name}`])).toEqual({
      path: '/home/ann/work/.refrain/cache.sqlite',
      isOfUser: false,
    });
  });

  it('has one store, whatever folder below it a command is given in', () => {
    const path = '/srv/app/.refrain/cache.sqlite';
    for (const cwd of ['/srv/app', '/srv/app/src', '/srv/app/src/deep/er'])
      expect(at(cwd, ['/srv/app/go.mod'])).toEqual({ path, isOfUser: false });
  });

  it('is the nearest that is one', () => {
    expect(at('/srv/app/sub/x', ['/srv/app/.git', '/srv/app/sub/package.json']).path).toBe(
      '/srv/app/sub/.refrain/cache.sqlite',
    );
  });

  it('goes on with the store that lies in it, be it a home, or open to everybody', () => {
    for (const folder of ['/home/ann', '/tmp', '/srv/data']) {
      const path = `${folder}/.refrain/cache.sqlite`;
      expect(at(folder, [path], ['/tmp'])).toEqual({ path, isOfUser: false });
    }
    const path = '/srv/data/.refrain/cache.sqlite';
    expect(at('/srv/data/below', [path])).toEqual({ path, isOfUser: false });
  });

  it('is none where all that lies below would be one: at home, at the root', () => {
    expect(at('/home/ann/notes', ['/home/ann/.git', '/home/ann/package.json'])).toEqual(user);
    expect(at('/home/ann', ['/home/ann/.git'])).toEqual(user);
    expect(at('/data', ['/package.json', '/.git'])).toEqual(user);
    expect(at('/', ['/package.json'])).toEqual(user);
  });

  it('is none where others may have put its files', () => {
    const planted = ['/tmp/.git', '/tmp/.refrain/cache.sqlite'];
    expect(at('/tmp/mine', planted, ['/tmp'])).toEqual(user);
    expect(at('/tmp/mine', [...planted, '/tmp/mine/.git'], ['/tmp']).path).toBe('/tmp/mine/.refrain/cache.sqlite');
  });
});

describe('the store of a user', () => {
  const disk = diskOf([]);

  it.each([
    ['linux', { HOME: '/home/ann' }, '/home/ann/.cache/refrain/cache.sqlite'],
    ['linux', { HOME: '/home/ann', XDG_CACHE_HOME: '/fast/cache' }, '/fast/cache/refrain/cache.sqlite'],
    ['linux', { XDG_CACHE_HOME: '/fast/cache' }, '/fast/cache/refrain/cache.sqlite'],
    ['linux', { HOME: '/home/ann', XDG_CACHE_HOME: 'relative' }, '/home/ann/.cache/refrain/cache.sqlite'],
    ['linux', { HOME: '/home/ann', XDG_CACHE_HOME: '' }, '/home/ann/.cache/refrain/cache.sqlite'],
    ['freebsd', { HOME: '/home/ann/' }, '/home/ann/.cache/refrain/cache.sqlite'],
    ['darwin', { HOME: '/Users/ann' }, '/Users/ann/Library/Caches/refrain/cache.sqlite'],
    ['darwin', { HOME: '/Users/ann', XDG_CACHE_HOME: '/x' }, '/x/refrain/cache.sqlite'],
  ] as const)('on %s with %o', (platform, env, path) => {
    const place = storePlace({ platform, env, cwd: '/data/sub', disk });
    expect(place).toEqual({ path, isOfUser: true });
    expect(posix.isAbsolute(place.path)).toBe(true);
  });

  it.each([
    [{ LOCALAPPDATA: 'D:\\Ann\\Local', USERPROFILE: 'C:\\Users\\Ann' }, 'D:\\Ann\\Local\\refrain\\Cache\\cache.sqlite'],
    [{ USERPROFILE: 'C:\\Users\\Ann' }, 'C:\\Users\\Ann\\AppData\\Local\\refrain\\Cache\\cache.sqlite'],
    [
      { LOCALAPPDATA: 'Local', USERPROFILE: 'C:\\Users\\Ann' },
      'C:\\Users\\Ann\\AppData\\Local\\refrain\\Cache\\cache.sqlite',
    ],
    [
      { USERPROFILE: 'C:\\Users\\Ann', HOME: '/c/Users/Ann', XDG_CACHE_HOME: 'C:\\xdg' },
      'C:\\Users\\Ann\\AppData\\Local\\refrain\\Cache\\cache.sqlite',
    ],
    [{ LOCALAPPDATA: '\\\\server\\share\\Local' }, '\\\\server\\share\\Local\\refrain\\Cache\\cache.sqlite'],
  ])('on Windows with %o', (env, path) => {
    const place = storePlace({ platform: 'win32', env, cwd: 'E:\\data', disk });
    expect(place).toEqual({ path, isOfUser: true });
    expect(win32.isAbsolute(place.path)).toBe(true);
  });

  it('is not taken in a project on Windows, up to the root of its drive', () => {
    const at = (cwd: string, file: string) =>
      storePlace({ platform: 'win32', env: { USERPROFILE: 'C:\\Users\\Ann' }, cwd, disk: diskOf([file]) });
    expect(at('C:\\Users\\Ann\\app\\src', 'C:\\Users\\Ann\\app\\package.json').path).toBe(
      'C:\\Users\\Ann\\app\\.refrain\\cache.sqlite',
    );
    expect(at('C:\\Users\\Ann\\app', 'C:\\Users\\Ann\\package.json').isOfUser).toBe(true);
    expect(at('E:\\data', 'E:\\package.json').isOfUser).toBe(true);
  });

  it('is the folder itself where the environment names no home', () => {
    expect(storePlace({ platform: 'linux', env: {}, cwd: '/srv/x', disk })).toEqual({
      path: '/srv/x/.refrain/cache.sqlite',
      isOfUser: false,
    });
  });
});

describe('a configuration', () => {
  it('has the store of the user off a project, and that of the project in it', () => {
    const input = createProcessInput({});
    const own = { ...input, env: { HOME: input.cwd, XDG_CACHE_HOME: join(input.cwd, 'cache') } };
    const folder = join(input.cwd, 'folder');
    mkdirSync(folder);
    const of = (env: NodeJS.ProcessEnv = {}) => {
      const { store, isUserStore } = loadConfig({ ...own, cwd: folder, env: { ...own.env, ...env } });
      return [store.path, isUserStore];
    };
    expect(of()).toEqual([join(input.cwd, 'cache/refrain/cache.sqlite'), true]);
    expect(of({ REFRAIN_STORE_PATH: 'here.sqlite' })).toEqual([join(folder, 'here.sqlite'), false]);
    expect(of({ REFRAIN_STORE_PATH: './auto' })).toEqual([join(folder, 'auto'), false]);
    expect(of({ REFRAIN_STORE_PATH: 'off' })).toEqual([null, false]);
    expect(of({ REFRAIN_CASSETTE: 'x.cassette' })).toEqual([null, false]);
    writeFileSync(join(folder, 'pyproject.toml'), '');
    expect(of({ REFRAIN_STORE_PATH: 'auto' })).toEqual([join(folder, '.refrain/cache.sqlite'), false]);
  });

  test.skipIf(process.platform === 'win32')('takes a folder like /tmp for one where everybody may put files', () => {
    const { cwd } = createProcessInput({});
    for (const [mode, isPublic] of [
      [0o1777, true],
      [0o777, false],
      [0o700, false],
    ] as const) {
      chmodSync(cwd, mode);
      expect(ownDisk.isPublic(cwd)).toBe(isPublic);
    }
  });
});
