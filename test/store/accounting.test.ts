import { countsWhatItTakes } from './accounting.ts';

countsWhatItTakes({ answers: 8_000, cap: 8 * 1024 * 1024 });
