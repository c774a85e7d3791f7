import { keysKeepTheirWord } from '../request/key-properties.ts';

keysKeepTheirWord({ leaves: 1_000_000, orders: 100_000, spellings: 1_000_000, odd: 300_000, damaged: 100_000 });
