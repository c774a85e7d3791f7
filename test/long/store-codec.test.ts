import { framesKeepTheirWord } from '../store/codec-properties.ts';

framesKeepTheirWord({ roundTrips: 20_000, changes: 1_000_000, cuts: 500_000, joins: 20_000 });
