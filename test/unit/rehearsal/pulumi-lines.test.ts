import { expect, test } from "vitest";
import { readableLine } from "../../../infra/rehearsal/pulumi/pulumi-lines.ts";

test.each<[string, string, string | undefined]>([
  ["a tick", "@ updating....", undefined],
  ["the engine's remark on a plugin", "    warning: using pulumi-resource-kubernetes from $PATH at /x", undefined],
  [
    "a promotion line as it comes",
    " ~  rollgate:index:Promotion keye updating (9s) [diff: ~revision]; [probe] a: text pass",
    "   9 s  [probe] a: text pass",
  ],
  [
    "a promotion line of a first deploy",
    " +  rollgate:index:Promotion keye creating (12s) [soak] 3 s without a restart",
    "  12 s  [soak] 3 s without a restart",
  ],
  ["the same line again under Diagnostics", "    [soak] 3 s without a restart", undefined],
  ["an object that is being made", " +  kubernetes:core/v1:Service keye creating (0s) ", undefined],
  [
    "an object that was made",
    " +  kubernetes:core/v1:Service keye created (0.5s) ",
    " +  kubernetes:core/v1:Service keye created (0.5s) ",
  ],
  ["an unchanged object", "    kubernetes:core/v1:Service keye  ", undefined],
  [
    "the diagnosis",
    "    error: GATE_FAILED phase=probe code=E_PROBE: x",
    "    error: GATE_FAILED phase=probe code=E_PROBE: x",
  ],
  ["an output", '    activeRevision: "bd5c08b130"', '    activeRevision: "bd5c08b130"'],
])("%s", (_name, line, expected) => {
  expect(readableLine(line)).toBe(expected);
});
