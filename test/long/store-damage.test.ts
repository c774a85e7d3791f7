import { damageNeverShows } from '../store/damage-trials.ts';

damageNeverShows({ flips: 5_000, logFlips: 2_000, cuts: 1_000 });
