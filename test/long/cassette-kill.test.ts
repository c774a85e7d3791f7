import { losesNothingWhenKilled } from '../cassette/kill-trials.ts';

losesNothingWhenKilled(40);
