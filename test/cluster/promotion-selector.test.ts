import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { followObjects } from "../../infra/cluster/resources.ts";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import { PromotionStack } from "../support/promotion-stack.ts";

interface Slice {
  readonly metadata: { readonly name: string };
  readonly endpoints?: readonly {
    readonly conditions?: { readonly ready?: boolean };
    readonly targetRef?: { readonly name: string };
  }[];
}

const service = "/api/v1/namespaces/keye/services/keye";
const slices = "/apis/discovery.k8s.io/v1/namespaces/keye/endpointslices";
const candidate = (requests: number) => [{ path: ["engine", "maxRunningRequests"], value: requests }];

describe("the live Service during promotions", () => {
  let stack: PromotionStack;
  let stable: string;

  beforeAll(async () => {
    stack = await PromotionStack.start();
    const first = await stack.up();
    if (first.exitCode !== 0) throw new Error(first.output);
    stable = String((await stack.outputs()).activeRevision);
  });

  afterAll(() => stack?.close());

  function select(revision: string) {
    const contentType = "application/merge-patch+json";
    const body = { spec: { selector: { "keye-stack.dev/revision": revision } } };
    return stack.cluster.call({ method: "PATCH", path: service, contentType, body });
  }

  test("a selector that somebody moves meanwhile is left where they put it, and the candidate is parked", async () => {
    const move = { line: /\[probe\] .*health pass/, action: () => select("cccccccccc") };
    const { exitCode, output } = await stack.up(candidate(50), move);
    expect(exitCode).not.toBe(0);
    expect(output).toContain("E_CONFLICT");
    const { live, replicas } = await stack.standing();
    const { [stable]: ofStable, ...others } = replicas;
    expect({ live, ofStable }).toEqual({ live: "cccccccccc", ofStable: 2 });
    expect(Object.values(others)).toEqual([0]);
  });

  test("the next update sees what was moved, and promotes the wanted revision", async () => {
    const { exitCode, output } = await stack.up();
    expect(output).toContain("[switch] ");
    expect(exitCode).toBe(0);
    expect((await stack.standing()).live).toBe(stable);
  });

  test("no pod ever gets traffic but those of the stable revision and, from the switch on, the proven ones", async () => {
    const stop = new AbortController();
    const served: Set<string>[] = [];
    const options = { path: slices, query: { labelSelector: "kubernetes.io/service-name=keye" } };
    const watching = followObjects<Slice>(
      stack.cluster.rehearsal.api,
      { ...options, clock: systemClock, signal: stop.signal },
      (change) => {
        if (change.kind !== "set") return;
        const ready = (change.object.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
        served.push(new Set(ready.map(({ targetRef }) => targetRef?.name ?? "")));
      },
    );
    const { exitCode, output } = await stack.up(candidate(51));
    stop.abort();
    await watching;
    expect(exitCode).toBe(0);
    const proven = [...output.matchAll(/\[probe\] (\S+) proven/g)].map(([, pod]) => pod ?? "");
    const isStable = (pod: string) => pod.startsWith(`keye-${stable}-`);
    const kinds = served.map((pods) => {
      if ([...pods].every(isStable)) return "stable";
      return [...pods].every((pod) => proven.includes(pod)) ? "proven" : `mixed: ${[...pods].join(", ")}`;
    });
    const changes = kinds.filter((kind, index) => kind !== kinds[index - 1]);
    expect(changes).toEqual(["stable", "proven"]);
    expect(served.at(-1)).toEqual(new Set(proven));
  });
});
