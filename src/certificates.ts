/**
 * The certificate that both listeners show, and its key, from files of the
 * operator's. Node's TLS is loaded where there is one, and not otherwise.
 */
import { readFileSync } from 'node:fs';
import { ConfigError, reasonOf } from './errors.ts';

/** The settings that say where they are; both are null, or neither. */
export interface TlsSettings {
  readonly tls: { readonly cert: string | null; readonly key: string | null };
}

/** As PEM; the certificate may come with those that vouch for it. */
export interface Certificates {
  readonly cert: string;
  readonly key: string;
}

/** Null where none is set. @throws ConfigError where a file cannot be read, or the two do not belong together */
export function readCertificates({ tls }: TlsSettings): Certificates | null {
  if (tls.cert === null || tls.key === null) return null;
  const certificates = { cert: readPem(tls.cert, 'certificate'), key: readPem(tls.key, 'key') };
  try {
    process.getBuiltinModule('node:tls').createSecureContext(certificates);
  } catch (error) {
    const what = `${tls.cert} and ${tls.key} are no certificate and its key in PEM (${reasonOf(error)})`;
    throw new ConfigError(`${what}; correct tls.cert and tls.key`);
  }
  return certificates;
}

function readPem(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`the ${what} at ${path} cannot be read (${reasonOf(error)}); correct tls.cert and tls.key`);
  }
}
