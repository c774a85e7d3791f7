/**
 * The demands of HTTP itself on a request (RFC 9112, 2.3 and 3.2), where Node's
 * parser lets more pass or answers without a word.
 */
import { httpVersionUnsupported, malformedRequest } from '../errors.ts';

/**
 * @param version as the request line has it
 * @param hosts how many `Host` fields there are
 * @throws RefrainError `http_version_unsupported`, `malformed_request`
 */
export function checkProtocol(version: string, hosts: number): void {
  if (version.startsWith('2')) throw httpVersionUnsupported(version);
  if (version === '1.1' && hosts === 0) throw malformedRequest('it has no Host');
}
