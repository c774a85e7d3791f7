import { execFileSync } from 'node:child_process';
import { surviveTheCrowd } from '../size/crowd.ts';

/** The files that the machine lets a process have open, less those that it needs besides. */
const OPEN_FILES = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' })) - 500;

surviveTheCrowd({ idle: Math.min(20_000, OPEN_FILES), tell: console.log });
