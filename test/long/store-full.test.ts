import { outlivesFullDisks } from '../store/full-trials.ts';

outlivesFullDisks({ rounds: 200, report: console.log });
