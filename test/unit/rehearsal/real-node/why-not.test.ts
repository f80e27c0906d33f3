import { expect, test } from "vitest";
import { type Machine, type RealNodeProgram, reasonAgainst } from "../../../../infra/rehearsal/real-node/why-not.ts";

const able: Machine = {
  platform: "linux",
  isRoot: true,
  programPath: (name) => `/usr/bin/${name}`,
  isStatic: () => true,
  namespaceFault: () => undefined,
  cgroupPlaces: () => ["/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified"],
  canMakeGroup: () => true,
};

function without(program: RealNodeProgram): Partial<Machine> {
  return { programPath: (name) => (name === program ? undefined : able.programPath(name)) };
}

test("a machine that has everything can run a real node", () => {
  expect(reasonAgainst(able)).toBeUndefined();
});

test.each<readonly [string, Partial<Machine>]>([
  ["a kubelet needs Linux, and this is darwin", { platform: "darwin" }],
  ["a kubelet needs root", { isRoot: false }],
  ["kubelet is not on PATH (./scripts/toolchain --real-node)", without("kubelet")],
  ["runc is not on PATH (Debian's runc)", without("runc")],
  ["/usr/bin/busybox needs shared libraries, and Debian's busybox-static does not", { isStatic: () => false }],
  ["root may not make namespaces here (Operation not permitted)", { namespaceFault: () => "Operation not permitted" }],
  ["no control groups are mounted", { cgroupPlaces: () => [] }],
  [
    "no control group can be made in /sys/fs/cgroup/unified",
    { canMakeGroup: (place) => place !== "/sys/fs/cgroup/unified" },
  ],
])("the reason of one that has not: %s", (reason, change) => {
  expect(reasonAgainst({ ...able, ...change })).toBe(reason);
});
