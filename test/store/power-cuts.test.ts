import { survivesLostSectors } from './power-cuts.ts';

survivesLostSectors({ cuts: 60, seed: 12 });
