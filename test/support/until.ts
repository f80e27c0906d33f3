/** Lets the event loop turn until `condition` holds; the test's own time-out bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
