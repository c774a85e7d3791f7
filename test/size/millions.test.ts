import { keepWithinTheCap } from './millions.ts';

keepWithinTheCap({ answers: 8_000, capMiB: 8 });
