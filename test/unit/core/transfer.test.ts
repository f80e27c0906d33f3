import { expect, test } from "vitest";
import { formatTransfer, parseTransfer } from "../../../infra/core/transfer.ts";

test.each([
  [{ doneBytes: 12.3e9, totalBytes: 62e9, bytesPerSecond: 410e6 }, "12.3 GB of 62.0 GB, 410 MB/s, about 122 s left"],
  [{ doneBytes: 0, totalBytes: 62e9, bytesPerSecond: 0 }, "0 B of 62.0 GB, 0 B/s, no progress"],
  [{ doneBytes: 900, totalBytes: 1500, bytesPerSecond: 300 }, "900 B of 1.5 kB, 300 B/s, about 2 s left"],
])("a transfer of %o reads as it is written", (transfer, line) => {
  expect(formatTransfer(transfer)).toBe(line);
  expect(parseTransfer(`hydrate: ${line}`)).toEqual(transfer);
});

test.each(["", "hydrate: done", "3 of 8 shards"])('a line "%s" is no transfer', (line) => {
  expect(parseTransfer(line)).toBeUndefined();
});
