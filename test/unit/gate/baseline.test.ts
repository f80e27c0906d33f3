import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { evidenceSchema } from "../../../infra/gate/evidence-schema.ts";
import { apiError } from "../../support/fake-cluster.ts";
import { fakeBaseline } from "../../support/fake-prober.ts";
import { failureOf, inputs, next, Scene, stable } from "./stage.ts";

const name = "rollgate-keye-baseline";
const h800 = { "keye-stack.dev/pool": "h800", "nvidia.com/gpu.product": "NVIDIA-H800" };

/** A scene whose stable revision has been recorded. */
function recorded(json = fakeBaseline(stable)): Scene {
  const scene = new Scene();
  scene.cluster.baselines.set(name, json);
  scene.cluster.nodes = scene.cluster.nodes.map(({ metadata, ...node }) => ({
    ...node,
    metadata: { ...metadata, labels: h800 },
  }));
  return scene;
}

/** What the last lines of a run tell of the recording. */
const told = ({ lines }: Scene) => lines.filter((line) => line.includes("golden answers"));
const baselineWrites = ({ cluster }: Scene) => cluster.writes.filter((write) => write.startsWith("baseline"));

describe("the baseline of a promotion", () => {
  test("is recorded from one proven pod once everything else is done", async () => {
    const scene = recorded();
    expect((await scene.promote()).kind).toBe("resolved");
    expect(scene.cluster.writes.slice(-2)).toEqual(["evidence pass", `baseline ${next}`]);
    const { probe: spec, imageDigest } = inputs();
    expect(scene.prober.recordings).toEqual([{ pod: `keye-${next}-3`, spec, imageDigest, gpuProduct: "NVIDIA-H800" }]);
    expect(scene.cluster.baselines.get(name)).toBe(fakeBaseline(next));
  });

  test("is handed to the next promotion for every pod, with what its node's GPUs are, and named in the evidence", async () => {
    const scene = recorded();
    await scene.promote();
    const asked = { spec: inputs().probe, baseline: { name, json: fakeBaseline(stable) }, gpuProduct: "NVIDIA-H800" };
    expect(scene.prober.questions).toEqual([asked, asked]);
    const document = scene.evidence();
    expect(document?.baseline).toEqual({
      configMap: name,
      sha256: scene.ports().sha256(fakeBaseline(stable)),
      revision: stable,
      recordedAt: "2026-01-01T00:00:00.000Z",
    });
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(evidenceSchema);
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  });

  test.each<[string, string | undefined, string]>([
    ["there is none", undefined, `There is no ConfigMap ${name}: no revision has been recorded yet.`],
    ["it is no JSON", "{", `ConfigMap ${name} holds no baseline that can be read.`],
    ["it is something else", '{"kind":"ProbeReport"}', `ConfigMap ${name} holds no baseline that can be read.`],
  ])("where %s, the pods are told why, and the promotion goes on", async (_case, json, because) => {
    const scene = json === undefined ? new Scene() : recorded(json);
    expect((await scene.promote()).kind).toBe("resolved");
    expect(scene.prober.questions[0]?.baseline).toEqual({ because });
    expect(scene.evidence()).not.toHaveProperty("baseline");
    expect(baselineWrites(scene)).toEqual([`baseline ${next}`]);
  });

  test("of a node without the label says nothing of its GPUs", async () => {
    const scene = new Scene();
    scene.cluster.baselines.set(name, fakeBaseline(stable));
    await scene.promote();
    expect(scene.prober.questions[0]).not.toHaveProperty("gpuProduct");
    expect(scene.prober.recordings[0]).not.toHaveProperty("gpuProduct");
  });

  test("that a candidate does not match refuses it, with both numbers and how to accept it, and stays as it was", async () => {
    const scene = recorded();
    scene.prober.revisions.set(next, "drifted");
    const failure = failureOf(await scene.promote());
    expect(failure.message).toContain("code=E_PROBE");
    expect(failure.message).toContain("golden: ");
    expect(failure.message).toContain("at a distance of 0.412 from the baseline, 0.05 allowed");
    expect(failure.message).toContain(`kubectl -n keye delete configmap ${name}, and change rollout.retryNonce`);
    expect(scene.evidence()?.baseline?.revision).toBe(stable);
    expect(baselineWrites(scene)).toEqual([]);
    expect(told(scene)).toEqual([]);
  });

  test("is not recorded of a candidate that was refused for another reason", async () => {
    const scene = recorded();
    scene.prober.revisions.set(next, "wrong");
    expect(failureOf(await scene.promote()).message).not.toContain("delete configmap");
    expect(scene.prober.recordings).toEqual([]);
  });

  test("is not recorded again by an update that finds all done", async () => {
    const scene = recorded();
    await scene.promote();
    await scene.promoteAgain();
    expect(baselineWrites(scene)).toHaveLength(1);
  });

  test("is kept where the same revision is proven anew in place: else it would follow a drift", async () => {
    const scene = recorded();
    await scene.promote();
    expect((await scene.promoteAgain({ probeHash: "9999999999" })).kind).toBe("resolved");
    expect(scene.prober.questions.at(-1)?.baseline).toEqual({ name, json: fakeBaseline(next) });
    expect(baselineWrites(scene)).toHaveLength(1);
  });

  test("that cannot be read from the API ends the promotion undecided", async () => {
    const scene = recorded();
    scene.cluster.intercept = (call) => {
      if (call === "readBaseline#1") throw apiError("keye", "the server answered 503.");
    };
    expect(failureOf(await scene.promote())).toMatchObject({ code: "E_API", kind: "inconclusive", phase: "probe" });
  });
});

describe("a recording that does not succeed is told in one line, and the promotion has passed", () => {
  test.each<[string, (scene: Scene) => unknown, RegExp]>([
    [
      "the engine answers wrongly",
      (scene) => {
        scene.prober.recording = new Error('got "142", which is wrong.');
      },
      /: got "142", which is wrong\.$/,
    ],
    [
      "the engine hangs",
      (scene) => {
        scene.prober.recording = "hang";
      },
      /: 120 s were not enough\.$/,
    ],
    [
      "the answers are too long to keep",
      (scene) => {
        scene.prober.recording = "x".repeat(300_000);
      },
      /: they have 300000 bytes, 262144 are allowed\.$/,
    ],
    ["the API refuses the write", (scene) => failAt(scene, "saveBaseline#1"), /E_API: .*answered 503/],
    [
      "no proven pod is left",
      (scene) => {
        scene.cluster.intercept = (call) => {
          if (call === "saveEvidence#2") for (const { uid } of scene.cluster.podsOf(next)) scene.cluster.deletePod(uid);
        };
      },
      /: none of the proven pods is there and ready\.$/,
    ],
    [
      "somebody cancels",
      (scene) => {
        scene.cluster.intercept = (call) => {
          if (call === "recordBaseline#1") scene.abort.abort(new Error("SIGINT"));
        };
      },
      /: SIGINT$/,
    ],
    [
      "another writer takes the Lease",
      (scene) => {
        scene.cluster.intercept = (call) => {
          if (call === "recordBaseline#1") scene.cluster.loseLease();
        };
      },
      /: taken by somebody-else$/,
    ],
  ])("%s", async (_case, prepare, reason) => {
    const scene = new Scene();
    prepare(scene);
    expect((await scene.promote()).kind).toBe("resolved");
    expect(told(scene)).toEqual([expect.stringMatching(/^\[evidence\] no golden answers were recorded for the next/)]);
    expect(told(scene)[0]).toMatch(reason);
    expect(baselineWrites(scene)).toEqual([]);
  });
});

function failAt(scene: Scene, at: string): void {
  scene.cluster.intercept = (call) => {
    if (call === at) throw apiError("keye", "the server answered 503.");
  };
}
