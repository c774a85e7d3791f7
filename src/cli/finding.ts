/**
 * A check of the doctor. Every check is bounded in time, and none throws:
 * one that cannot be made has failed.
 */
import { type CheckResult, failure, type Finding } from '../admin/findings.ts';
import { reasonOf } from '../errors.ts';

/** An abort of `signal` asks it to end with what it found. */
export type Check = (signal: AbortSignal) => CheckResult | Promise<CheckResult>;

/** The time that a check may take, and the time that it may take to end after that. */
export const CHECK_MS = 4_500;
const END_MS = 500;

export async function findOut(name: string, check: Check): Promise<Finding> {
  const limit = CHECK_MS + END_MS;
  const late = new Promise<CheckResult>((resolve) => {
    const giveUp = () =>
      resolve(failure(`took longer than ${limit / 1000} s`, 'see what keeps it busy, and look again'));
    setTimeout(giveUp, limit).unref();
  });
  try {
    return { check: name, ...(await Promise.race([check(AbortSignal.timeout(CHECK_MS)), late])) };
  } catch (error) {
    return { check: name, ...failure(`could not be looked at (${reasonOf(error)})`, 'see the reason') };
  }
}
