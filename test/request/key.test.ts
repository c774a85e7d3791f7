import { keysKeepTheirWord } from './key-properties.ts';

keysKeepTheirWord({ leaves: 3_000, orders: 500, spellings: 2_000, odd: 2_000, damaged: 2_000 });
