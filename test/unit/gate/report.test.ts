import { describe, expect, test } from "vitest";
import { apiError } from "../../support/fake-cluster.ts";
import { failureOf, next, Scene } from "./stage.ts";

describe("the postmortem", () => {
  test("of a crash shows cause, cure, log, pods, what serves, evidence, commands and what comes next", async () => {
    const scene = new Scene();
    scene.cluster.setScript(next, {
      kind: "crash",
      log: [
        "[2026-11-24 06:40:12] server_args=ServerArgs(model_path='/models/keye', api_key='s3cr3t')",
        "[2026-11-24 06:40:12] Load weight end. elapsed=0.21 s",
        "ModuleNotFoundError: No module named 'effective_kernels'",
        "[2026-11-24 06:40:12] Received sigquit from a child process. It usually means the child failed.",
      ].join("\n"),
    });
    expect(failureOf(await scene.promote()).message).toMatchInlineSnapshot(`
      "GATE_FAILED phase=ready code=E_CONFIG: keye/pod/keye-bbbbbbbbbb-3: The image lacks EffectiveKernels, which the keye_sa attention backend needs on Hopper. Log: "ModuleNotFoundError: No module named 'effective_kernels'".
        cure       Build the image with Kwai-Keye/EffectiveKernels.
        log        | [2026-11-24 06:40:12] server_args=ServerArgs(model_path='/models/keye', api_key=[hidden])
                   | [2026-11-24 06:40:12] Load weight end. elapsed=0.21 s
                   | ModuleNotFoundError: No module named 'effective_kernels'
                   | [2026-11-24 06:40:12] Received sigquit from a child process. It usually means the child failed.
        pods       keye-bbbbbbbbbb-3: see above
                   keye-bbbbbbbbbb-4: failed, The image lacks EffectiveKernels, which the keye_sa attention backend needs on Hopper. Log: "ModuleNotFoundError: No module named 'effective_kernels'".
        candidate  revision bbbbbbbbbb: parked (scaled to 0); its 8 GPUs become free as its pods end
        serving    revision aaaaaaaaaa, 2 of 2 pods ready
        phases     ready 0.0 s (fail)
        evidence   ConfigMap keye/rollgate-keye-bbbbbbbbbb-0123456789
        look       kubectl -n keye get events --field-selector involvedObject.name=keye-bbbbbbbbbb-3
                   kubectl -n keye get configmap rollgate-keye-bbbbbbbbbb-0123456789 -o jsonpath='{.data.evidence\\.json}'
        next up    fails at once for 600 s more, then tries again; change rollout.retryNonce to try sooner"
    `);
  });

  test("of a pod that no node takes shows who holds the GPUs", async () => {
    const scene = new Scene();
    scene.cluster.setScript(next, { kind: "unschedulable", message: "0/2 nodes are available: 2 Insufficient cpu." });
    expect(failureOf(await scene.promote()).message).toMatchInlineSnapshot(`
      "GATE_FAILED phase=ready code=E_UNSCHEDULABLE: keye/pod/keye-bbbbbbbbbb-3: No node takes it: 0/2 nodes are available: 2 Insufficient cpu.
        details    node    GPUs  held  free  by
                   h800-0     8     4     4  keye/keye-aaaaaaaaaa-2 4
                   h800-1     8     4     4  keye/keye-aaaaaaaaaa-1 4
        pods       keye-bbbbbbbbbb-3: see above
                   keye-bbbbbbbbbb-4: scheduling, No node takes it: 0/2 nodes are available: 2 Insufficient cpu.
        candidate  revision bbbbbbbbbb: parked (scaled to 0); its 8 GPUs become free as its pods end
        serving    revision aaaaaaaaaa, 2 of 2 pods ready
        phases     ready 90.0 s (fail)
        evidence   ConfigMap keye/rollgate-keye-bbbbbbbbbb-0123456789
        look       kubectl -n keye get events --field-selector involvedObject.name=keye-bbbbbbbbbb-3
                   kubectl describe nodes
                   kubectl -n keye get configmap rollgate-keye-bbbbbbbbbb-0123456789 -o jsonpath='{.data.evidence\\.json}'
        next up    tries this revision again"
    `);
  });

  test("of a cancel is short", async () => {
    const scene = new Scene();
    scene.cluster.intercept = (call) => {
      if (call === "observe#1") scene.abort.abort(new Error("SIGINT"));
    };
    expect(failureOf(await scene.promote()).message).toMatchInlineSnapshot(`
      "E_CANCELLED phase=observe: nothing was switched.
        candidate  revision bbbbbbbbbb: untouched, at 0 replicas
        serving    revision aaaaaaaaaa, 2 of 2 pods ready
        phases     observe 0.0 s (cancelled)
        next up    tries this revision again"
    `);
  });

  test("of undoing that failed says first what a person must look at", async () => {
    const scene = new Scene();
    scene.prober.traffic.set(next, "wrong");
    scene.cluster.intercept = (call) => {
      if (call === "switchTraffic#2") throw apiError("keye/service/keye", "the server answered 503.");
    };
    expect(failureOf(await scene.promote()).message).toMatchInlineSnapshot(`
      "E_ROLLBACK_FAILED phase=traffic code=E_POSTVERIFY: could not undo: E_API: keye/service/keye: the server answered 503.
        first came keye/service/keye: through the Service: traffic: "12 + 30": wanted 42, got "fish". (10 wrong, 0 allowed)
        pods       keye-bbbbbbbbbb-3: pass: health 1 of 1, identity 1 of 1, text 1 of 1, streaming 1 of 1
                   keye-bbbbbbbbbb-4: pass: health 1 of 1, identity 1 of 1, text 1 of 1, streaming 1 of 1
        candidate  revision bbbbbbbbbb: not known
        serving    when last seen: revision bbbbbbbbbb, 2 of 2 pods ready
        phases     ready 30.0 s, probe 3.0 s, traffic 0.5 s (fail)
        evidence   ConfigMap keye/rollgate-keye-bbbbbbbbbb-0123456789
        look       kubectl -n keye get service keye -o jsonpath='{.spec.selector}'
                   kubectl -n keye get configmap rollgate-keye-bbbbbbbbbb-0123456789 -o jsonpath='{.data.evidence\\.json}'
        next up    enters this promotion first and decides by what it finds"
    `);
  });
});
