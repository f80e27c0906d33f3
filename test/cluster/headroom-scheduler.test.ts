import { afterAll, beforeAll, expect, test } from "vitest";
import { type Comparison, compareCases } from "../support/headroom-bench.ts";
import { randomCase } from "../support/random-headroom.ts";
import { TestCluster } from "../support/rehearsal-cluster.ts";

/** How many random clusters; about a minute's worth unless told otherwise. */
const cases = Number(process.env.KEYE_HEADROOM_CASES ?? "250");
/** As many as are placed before a node without a kubelet is taken for lost. */
const atOnce = 25;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ nodes: [] });
});
afterAll(() => cluster.close());

test(`on ${cases} random clusters the real scheduler places as many pods as were foretold`, async () => {
  const found: Comparison[] = [];
  for (let first = 0; first < cases; first += atOnce) {
    const count = Math.min(atOnce, cases - first);
    found.push(
      ...(await compareCases(
        cluster,
        Array.from({ length: count }, (_, index) => randomCase(first + index)),
      )),
    );
  }
  const differing = found.filter(({ planned, bound, overfilled }) => planned !== bound || overfilled.length > 0);
  expect(differing).toEqual([]);
  // A plan that says nothing fits, or that all does, proves little.
  const partly = found.filter(({ bound, name }) => bound > 0 && bound < randomCase(Number(name.slice(5))).replicas);
  expect(partly.length).toBeGreaterThan(cases / 10);
}, 1_800_000);
