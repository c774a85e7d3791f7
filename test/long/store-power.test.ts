import { survivesPowerCuts } from '../store/power-cuts.ts';

survivesPowerCuts({ batches: 200, cuts: 500, seed: Date.now() % 2 ** 31, report: console.log });
