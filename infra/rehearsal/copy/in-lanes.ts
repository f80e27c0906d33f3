const lanes = 16;

/** Does the same for each item, some at a time; rejects with the first failure, once the others under way have ended. */
export async function inLanes<T>(items: readonly T[], action: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await action(item);
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(lanes, items.length) }, lane));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
