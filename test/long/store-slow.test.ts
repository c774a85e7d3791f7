import { serveInSpiteOfSlowDisks } from '../store/slow-disk.ts';

serveInSpiteOfSlowDisks({ delays: [500, 2_000, 10_000], requests: 20, report: console.log });
