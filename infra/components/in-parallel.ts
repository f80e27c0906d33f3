/** What `act` makes of each item, in their order, with at most `limit` under way at once. Rejects with the first failure. */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  act: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Array<R>(items.length);
  // Shared by all workers: each takes the next item that nobody has taken.
  const left = items.entries();
  async function work(): Promise<void> {
    for (const [index, item] of left) results[index] = await act(item);
  }
  await Promise.all(Array.from({ length: limit }, work));
  return results;
}
