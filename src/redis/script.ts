/**
 * A Lua script that Redis runs in one go. It is named by the digest of its
 * text; only where a server does not know that is the text sent.
 */
import { createHash } from 'node:crypto';

export class Script {
  readonly text: string;
  readonly digest: string;

  constructor(text: string) {
    this.text = text;
    this.digest = createHash('sha1').update(text).digest('hex');
  }
}
