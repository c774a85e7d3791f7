/**
 * A word on what to do about an upstream that does not answer.
 */

/**
 * @param reason as `reasonOf` has it
 * @param setting that the upstream is from, as it was written
 */
export function adviceOn(reason: string, setting: string): string {
  if (reason === 'ENOTFOUND' || reason === 'EAI_AGAIN') return `check the host in ${setting}, and name resolution`;
  if (reason === 'ECONNREFUSED') return `start what should listen there, or correct ${setting}`;
  if (reason === 'UND_ERR_CONNECT_TIMEOUT') return `check ${setting} and the network, or raise timeouts.connect`;
  if (reason === 'UND_ERR_HEADERS_TIMEOUT') {
    return `see why it is slow, or raise timeouts.firstByte; it is from ${setting}`;
  }
  if (/^HPE_|^EPROTO$|SSL_WRONG_VERSION/.test(reason)) return `see whether it is http or https in ${setting}`;
  if (/CERT|ISSUER|SIGNATURE/.test(reason)) {
    return `name the authority that signed its certificate in NODE_EXTRA_CA_CERTS, or correct ${setting}`;
  }
  return `check ${setting}, the network, and HTTPS_PROXY where a proxy is needed`;
}
