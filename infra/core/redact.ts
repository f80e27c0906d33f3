/** What a secret is replaced with. */
const hidden = "[hidden]";

const rules: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // `server_args=ServerArgs(… api_key='…', admin_api_key='…' …)`, JSON and command lines alike; JSON inside of JSON has
  // its quotes escaped, and a quotation that was cut has no second one.
  [
    /((?:api[_-]?key|password|secret|(?:access|auth|hf|hub)[_-]?token)\\*["']?\s*[=:]\s*|--(?:admin-)?api-key\s+)(?!None\b)(?:\\*"[^"]*(?:"|$)|\\*'[^']*(?:'|$)|[^\s,;)}"']+)/gi,
    `$1${hidden}`,
  ],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/g, `$1 ${hidden}`],
  [/\bhf_[A-Za-z0-9]{8,}/g, hidden],
  [/\bsk-[A-Za-z0-9_-]{8,}/g, hidden],
  [/\bAKIA[A-Z0-9]{12,}/g, hidden],
  [/(\/\/[^/\s:@]+:)[^@/\s]+@/g, `$1${hidden}@`],
  [/data:[a-z]+\/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]{16,}/gi, "data:[media left out]"],
];

/**
 * Text without API keys, bearer tokens, passwords in URLs, Hugging Face tokens and media payloads. Everything that quotes
 * an engine's log goes through here: SGLang prints its API key at every start, in `server_args=ServerArgs(…)`.
 */
export function redact(text: string): string {
  return rules.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}

/** The last `count` lines that are not empty, redacted, each cut at 300 characters. */
export function quoteTail(lines: readonly string[], count: number): string[] {
  return lines
    .filter((line) => line.trim() !== "")
    .slice(-count)
    .map((line) => redact(line))
    .map((line) => (line.length > 300 ? `${line.slice(0, 299)}…` : line));
}
