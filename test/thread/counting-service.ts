/**
 * A service for tests: counts its calls, fails, tells news and dies when asked to.
 */
export type CountingService = ReturnType<typeof createService>;

export function createService({ name }: { readonly name: string }, onNews: (news: string) => void) {
  let calls = 0;
  return {
    count: () => `${name} ${(calls += 1)}`,
    lengthOf: (bytes: Uint8Array) => bytes.length,
    bytes: (length: number) => new Uint8Array(length),
    fail(code: string): void {
      throw Object.assign(new Error('as asked'), { code });
    },
    tell: (news: string) => onNews(`${name}: ${news}`),
    die: () => process.exit(3),
  };
}

export function memoryOf(answer: unknown): ArrayBuffer[] {
  return answer instanceof Uint8Array ? [answer.buffer as ArrayBuffer] : [];
}
