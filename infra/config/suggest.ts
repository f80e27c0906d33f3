/** Small edits between two texts: letters put in, left out, replaced or swapped with their neighbour. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const replaced = (last[column - 1] ?? 0) + (isSame ? 0 : 1);
      const edits = [replaced, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1];
      const isSwap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) edits.push((beforeLast[column - 2] ?? 0) + 1);
      current.push(Math.min(...edits));
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

/**
 * The candidate that was most likely meant by `text`, or undefined where none is near. Case, `-`, `_` and spaces do not
 * count, so `tp_size` means `tpSize`; beyond that one edit in three letters is near, and three at most. Failing that, the
 * only candidate that begins with `text`.
 */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(text);
  if (wanted.length > 64) return undefined;
  const limit = Math.min(3, Math.floor(wanted.length / 3));
  // Each letter that one text has more than the other is an edit: the others need no look.
  const scored = candidates
    .filter((candidate) => Math.abs(plain(candidate).length - wanted.length) <= limit)
    .map((candidate) => ({ candidate, distance: editDistance(wanted, plain(candidate)) }));
  scored.sort((a, b) => a.distance - b.distance);
  const best = scored[0];
  if (best !== undefined && best.distance <= limit) return best.candidate;
  const longer = candidates.filter((candidate) => wanted.length >= 3 && plain(candidate).startsWith(wanted));
  return longer.length === 1 ? longer[0] : undefined;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_ ]/g, "");
}
