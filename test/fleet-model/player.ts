/**
 * Plays schedules of fleets in a thread of its own, and says what was found.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { play } from './play.ts';

parentPort?.postMessage(await play(workerData));
