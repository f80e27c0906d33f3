/**
 * What a person wants to see of `pulumi up`'s plain output: the promotion's lines as they come and what the update says in
 * the end, without ticks, repeats and the table of unchanged objects. Undefined for a line to leave out.
 */
export function readableLine(line: string): string | undefined {
  if (line.trim() === "" || line.startsWith("@ ")) return undefined;
  if (/^\s*warning: using pulumi-\S+ from \$PATH/.test(line)) return undefined;
  // An update repeats under Diagnostics, at this depth, each line that it has shown as it came.
  if (/^ {4}\[[a-z]+\] /.test(line)) return undefined;
  const live = /^ [ +~-] {1,2}rollgate:index:Promotion \S+ \w+ \((\d+)s\).*?(\[[a-z]+\] .*)$/.exec(line);
  if (live !== null) return `${`${live[1]} s`.padStart(6)}  ${live[2]}`;
  // Resources: only what came, changed or went, once it is done.
  if (/^ [ +~-]+ +[a-z-]+:\S+:\S+ /.test(line) && !/ (created|updated|deleted|replaced) /.test(line)) return undefined;
  return line;
}
