import { keepWithinTheCap } from './millions.ts';

keepWithinTheCap({ answers: 3_000, capMiB: 4 });
