/**
 * The trust of a command in the listeners of the proxy that its settings
 * describe: the very certificate that they name, whatever name it is for, or
 * else one as anybody's would be.
 */
import { readFileSync } from 'node:fs';
import type { PeerCertificate } from 'node:tls';
import type { TlsSettings } from '../certificates.ts';
import { ConfigError, reasonOf } from '../errors.ts';

/**
 * Options of a TLS connection; none where the listeners speak plain HTTP, or this user cannot read the certificate.
 * @throws ConfigError where it is none
 */
export function trustIn({ tls }: TlsSettings): object {
  const pem = tls.cert === null ? null : readOrNull(tls.cert);
  if (pem === null) return {};
  const { checkServerIdentity, getCACertificates } = process.getBuiltinModule('node:tls');
  const own = fingerprintOf(pem, tls.cert);
  return {
    // Those of NODE_EXTRA_CA_CERTS, too.
    ca: [...getCACertificates('default'), pem],
    allowPartialTrustChain: true,
    checkServerIdentity: (host: string, shown: PeerCertificate) =>
      shown.fingerprint256 === own ? undefined : checkServerIdentity(host, shown),
  };
}

function fingerprintOf(pem: string, path: string | null): string {
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  try {
    return new X509Certificate(pem).fingerprint256;
  } catch (error) {
    throw new ConfigError(`${path} is no certificate in PEM (${reasonOf(error)}); correct tls.cert`);
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
