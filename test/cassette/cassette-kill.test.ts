import { losesNothingWhenKilled } from './kill-trials.ts';

losesNothingWhenKilled(1);
