/**
 * Where a secret has got to: in the spellings that a program would leave it in.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The spellings of a secret, by name: as it is, encoded, or as a digest that anybody could make of a guess. */
export function spellings(secret: string): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>([
    ['plain', Buffer.from(secret)],
    ['UTF-16', Buffer.from(secret, 'utf16le')],
    ['hexadecimal', Buffer.from(Buffer.from(secret).toString('hex'))],
    ['backwards', Buffer.from([...secret].reverse().join(''))],
  ]);
  // The text before it shifts its Base64; the digits at both ends depend on the neighbours.
  for (const before of [0, 1, 2])
    found.set(
      `Base64, shifted by ${before}`,
      Buffer.from(
        Buffer.from('x'.repeat(before) + secret)
          .toString('base64')
          .slice(4, -4),
      ),
    );
  for (const [what, text] of [
    ['SHA-256', secret],
    ['SHA-256 with its scheme', `Bearer ${secret}`],
  ] as const) {
    const digest = createHash('sha256').update(text).digest();
    found
      .set(what, digest)
      .set(`${what} in hexadecimal`, Buffer.from(digest.toString('hex')))
      .set(`${what} in Base64`, Buffer.from(digest.toString('base64').slice(0, -1)));
  }
  return found;
}

/** The spellings of a secret that stand in these bytes. */
export function tracesIn(bytes: Buffer | string, secret: string): string[] {
  const buffer = Buffer.from(bytes as string);
  return [...spellings(secret)].filter(([, spelled]) => buffer.includes(spelled)).map(([what]) => what);
}

/** The files below a folder, by their path in it. */
export function filesIn(folder: string): ReadonlyMap<string, Buffer> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
  return new Map(paths.map((path) => [relative(folder, path), readFileSync(path)]));
}
