import { countsWhatItTakes } from '../store/accounting.ts';

countsWhatItTakes({ answers: 1_000_000, cap: 256 * 1024 * 1024, report: console.log });
