import { losesNothingWhenKilled, saysAllWhenUnheard } from '../store/kill-trials.ts';

losesNothingWhenKilled({ trials: 1_000, report: console.log });
saysAllWhenUnheard();
