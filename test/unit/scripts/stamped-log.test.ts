import { expect, test } from "vitest";
import { stampedLines, startupSpans } from "../../../scripts/bench/timeline/stamped-log.ts";

test("an engine's log with timestamps is read as simulated seconds of each phase", () => {
  const log = `2026-01-01T00:00:00.000Z server_args=ServerArgs(tp_size=2)
2026-01-01T00:00:01.500Z Load weight end. elapsed=22.00 s
2026-01-01T00:00:02.000Z Capture cuda graph begin. This can take up to several minutes.
2026-01-01T00:00:02.000Z Entering DeepGEMM JIT Pre-Compile session.
2026-01-01T00:00:32.000Z Capturing batches (bs=1 avail_mem=9.00 GB): 100%|█| 1/1
2026-01-01T00:00:33.000Z INFO:     Uvicorn running on http://0.0.0.0:8000
2026-01-01T00:00:34.000Z The server is fired up and ready to roll!
2026-01-01T00:10:00.000Z Prefill batch`;
  // The imports before the first line take 11 s.
  expect([...startupSpans(stampedLines(log), 20)]).toEqual([
    ["load", 11 + 1.5 * 20],
    ["jit", 30 * 20],
    ["graphs", 0.5 * 20 + 0 + 1 * 20],
    ["warm-up", 1 * 20],
  ]);
});
