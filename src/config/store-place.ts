/**
 * The place of the store where nobody names one: in the project that a command is given in, or else the user's own,
 * which is the same in all folders that are no project. Every command finds the same one from the same folder.
 */
import { existsSync, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';

export interface StorePlace {
  readonly path: string;
  /** True where no project is there, and the user's own store is taken. */
  readonly isOfUser: boolean;
}

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly disk: Disk;
}

export interface Disk {
  has(path: string): boolean;
  /** Tests whether everybody may put files in this folder, as in /tmp. */
  isPublic(folder: string): boolean;
}

type PathRules = typeof posix;

const STORE = ['.refrain', 'cache.sqlite'] as const;

/** The files by which the folder of a project is told: those of version control, packages, and Refrain. */
export const PROJECT_FILES = [
  '.git',
  '.hg',
  '.jj',
  'package.json',
  'deno.json',
  'pyproject.toml',
  'setup.py',
  'requirements.txt',
  'Pipfile',
  'go.mod',
  'Cargo.toml',
  'pom.xml',
  'build.gradle',
  'build.gradle.kts',
  'Gemfile',
  'composer.json',
  'mix.exs',
  'refrain.json',
  '.env',
] as const;

/** Without a home to be found in the environment, as some services are, the folder is taken as a project is. */
export function storePlace(surroundings: Surroundings): StorePlace {
  const rules = surroundings.platform === 'win32' ? win32 : posix;
  const folder = projectOf(surroundings, rules);
  if (folder !== null) return { path: rules.join(folder, ...STORE), isOfUser: false };
  const own = userFolder(surroundings, rules);
  if (own !== null) return { path: rules.join(own, 'cache.sqlite'), isOfUser: true };
  return { path: rules.join(surroundings.cwd, ...STORE), isOfUser: false };
}

/**
 * The folder itself where a store lies in it; else the nearest upwards that has a project's files. Neither a home nor
 * the root is a project, or all below it would be; nor is a folder where others could put such files.
 */
function projectOf({ platform, env, cwd, disk }: Surroundings, rules: PathRules): string | null {
  if (disk.has(rules.join(cwd, ...STORE))) return cwd;
  const home = homeOf(platform, env, rules);
  let folder = cwd;
  while (folder !== home && folder !== rules.dirname(folder) && !disk.isPublic(folder)) {
    const path = (...names: readonly string[]) => rules.join(folder, ...names);
    if (disk.has(path(...STORE)) || PROJECT_FILES.some((name) => disk.has(path(name)))) return folder;
    folder = rules.dirname(folder);
  }
  return null;
}

/** The folder of caches, by the rule of each system. */
function userFolder({ platform, env }: Surroundings, rules: PathRules): string | null {
  const home = homeOf(platform, env, rules);
  const below = (folder: string | null, ...names: readonly string[]) => folder && rules.join(folder, ...names);
  if (platform === 'win32') {
    const local = absolute(env['LOCALAPPDATA'], rules) ?? below(home, 'AppData', 'Local');
    return below(local, 'refrain', 'Cache');
  }
  const caches = platform === 'darwin' ? below(home, 'Library', 'Caches') : below(home, '.cache');
  return below(absolute(env['XDG_CACHE_HOME'], rules) ?? caches, 'refrain');
}

function homeOf(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, rules: PathRules): string | null {
  const home = absolute(env[platform === 'win32' ? 'USERPROFILE' : 'HOME'], rules);
  return home && rules.resolve(home);
}

/** Relative ones are to be ignored, as the rule of XDG has it. */
function absolute(path: string | undefined, rules: PathRules): string | null {
  return path && rules.isAbsolute(path) ? path : null;
}

const EVERYBODY_WRITES = 0o002;
const STICKY = 0o1000;

export const ownDisk: Disk = {
  has: existsSync,
  isPublic: (folder) => {
    try {
      const { mode } = statSync(folder);
      return (mode & EVERYBODY_WRITES) !== 0 && (mode & STICKY) !== 0;
    } catch {
      return true;
    }
  },
};
