import { losesNothingWhenKilled } from './kill-trials.ts';

losesNothingWhenKilled({ trials: 40 });
