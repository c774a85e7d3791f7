import { keepWithinTheCap } from '../size/millions.ts';

keepWithinTheCap({ answers: 1_000_000, capMiB: 256, tell: console.log });
