/** Branches and tags of a repository by name (`refs/heads/main`), each with its commit. */
export type GitRefs = ReadonlyMap<string, string>;

/**
 * Reads what `GET URL.git/info/refs?service=git-upload-pack` answers: pkt-lines of four hex digits of length and
 * `COMMIT REF`, the first one followed by a NUL and capabilities. Undefined for anything else.
 * @see git Documentation/gitprotocol-http.adoc, "Smart Server Response"
 */
export function parseGitRefs(text: string): GitRefs | undefined {
  if (!/^[0-9a-f]{4}# service=git-upload-pack/.test(text)) return undefined;
  const refs = new Map<string, string>();
  for (const line of packetLines(text)) {
    const [, commit, ref] = /^([0-9a-f]{40}) ([^\0\n]+)/.exec(line) ?? [];
    if (commit !== undefined && ref !== undefined) refs.set(ref, commit);
  }
  return refs;
}

/** The commit that a branch, else a tag stands for; of an annotated tag what it points to. */
export function commitOf(refs: GitRefs, name: string): string | undefined {
  return refs.get(`refs/heads/${name}`) ?? refs.get(`refs/tags/${name}^{}`) ?? refs.get(`refs/tags/${name}`);
}

function* packetLines(text: string): Generator<string> {
  let at = 0;
  while (at + 4 <= text.length) {
    const length = Number.parseInt(text.slice(at, at + 4), 16);
    if (Number.isNaN(length)) return;
    // Lengths below 4 are separators without a payload.
    if (length > 4) yield text.slice(at + 4, at + length);
    at += Math.max(length, 4);
  }
}
