import { tellNothingByTime } from '../hostile/timing.ts';

tellNothingByTime({ samples: 250, seed: Date.now() % 2 ** 31, tell: console.log });
