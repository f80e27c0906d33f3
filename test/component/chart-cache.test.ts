import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../infra/core/kubernetes-object.ts";
import { engineChart, parseManifests, renderChart } from "../../infra/process/helm.ts";
import { chartValues } from "../../infra/spec/chart-values.ts";
import { cacheKeyOf, revisionOf } from "../../infra/spec/revision.ts";
import { stackConfig, testDigest } from "../support/stack-config.ts";

const onClaim = { kind: "pvc", claim: "kernels" };

async function render(settings: Readonly<Record<string, unknown>>): Promise<readonly KubernetesObject[]> {
  const values = chartValues(stackConfig(settings), "promotion");
  return parseManifests(await renderChart({ chartDir: engineChart, release: "keye", namespace: "keye", values }));
}

interface Settings {
  readonly engine?: object;
  readonly [name: string]: unknown;
}

async function keyWith({ engine, ...settings }: Settings): Promise<string | undefined> {
  return cacheKeyOf(await render({ ...settings, engine: { ...engine, cacheVolume: onClaim } }));
}

interface Engine {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations?: unknown };
      readonly spec: { readonly containers: readonly { readonly env: readonly { name: string; value?: string }[] }[] };
    };
  };
}

function engineOf(objects: readonly KubernetesObject[]) {
  // The chart's schema and its golden files have the rest of the shape.
  const { template } = (objects.find((object) => object.kind === "Deployment") as unknown as Engine).spec;
  const variables = template.spec.containers[0]?.env.map(({ name, value }) => [name, value] as const) ?? [];
  return { annotations: template.metadata.annotations, env: Object.fromEntries(variables) };
}

test("compiled kernels lie in the folder of their key, what comes from a hub beside it", async () => {
  const objects = await render({ engine: { cacheVolume: onClaim } });
  const key = cacheKeyOf(objects);
  expect(key).toMatch(/^[0-9a-f]{10}$/);
  const { env, annotations } = engineOf(objects);
  expect(env).toEqual({
    CUDA_CACHE_PATH: `/var/cache/keye/${key}/cuda`,
    DG_JIT_CACHE_DIR: `/var/cache/keye/${key}/deep_gemm`,
    FLASHINFER_WORKSPACE_BASE: `/var/cache/keye/${key}/flashinfer`,
    HF_HOME: "/var/cache/keye/huggingface",
    SGLANG_CACHE_DIR: `/var/cache/keye/${key}/sglang`,
    SGLANG_DG_CACHE_DIR: `/var/cache/keye/${key}/deep_gemm`,
    TORCHINDUCTOR_CACHE_DIR: `/var/cache/keye/${key}/inductor`,
    TRITON_CACHE_DIR: `/var/cache/keye/${key}/triton`,
    TVM_FFI_CACHE_DIR: `/var/cache/keye/${key}/tvm-ffi`,
    XDG_CACHE_HOME: `/var/cache/keye/${key}`,
  });
  // On the Deployment alone: on the pods it would say nothing that their environment does not.
  expect(annotations).toBeUndefined();
});

test("kernels that go with the pod have no key", async () => {
  const objects = await render({});
  expect(cacheKeyOf(objects)).toBeUndefined();
  expect(engineOf(objects).env).toMatchObject({ TRITON_CACHE_DIR: "/var/cache/keye/triton" });
});

test("the settings' own variable wins over the folder", async () => {
  const engine = { cacheVolume: onClaim, env: { TRITON_CACHE_DIR: "/tmp/triton" } };
  expect(engineOf(await render({ engine })).env.TRITON_CACHE_DIR).toBe("/tmp/triton");
});

describe("the key", () => {
  test.each<{ readonly what: string; readonly settings: Settings }>([
    { what: "the image", settings: { image: { digest: testDigest.replace("0f1e", "1f1e") } } },
    { what: "the GPUs", settings: { nodePools: [{ name: "h800", gpuProducts: ["NVIDIA-H800"] }] } },
    { what: "the GPUs of a replica", settings: { engine: { tpSize: 4 } } },
    { what: "the memory for the KV cache", settings: { engine: { memFractionStatic: 0.85 } } },
    { what: "the context", settings: { engine: { contextLength: 65_536 } } },
    { what: "the requests that run at once", settings: { engine: { maxRunningRequests: 64 } } },
    { what: "a further argument", settings: { engine: { extraArgs: ["--cuda-graph-max-bs=64"] } } },
  ])("changes with $what", async ({ settings }) => {
    expect(await keyWith(settings)).not.toBe(await keyWith({}));
  });

  test.each<{ readonly what: string; readonly settings: Settings }>([
    { what: "the weights", settings: { model: { revision: "0123456789abcdef" } } },
    { what: "the model's name", settings: { model: { servedName: "keye" } } },
    { what: "the port", settings: { engine: { port: 9000 } } },
    { what: "the environment", settings: { engine: { env: { NCCL_DEBUG: "WARN" } } } },
    { what: "the replicas", settings: { replicas: 7 } },
  ])("stays when $what changes", async ({ settings }) => {
    expect(await keyWith(settings)).toBe(await keyWith({}));
  });

  test("is a part of the revision: engines of one revision share one folder", async () => {
    const gpuProducts = ["NVIDIA-H800"];
    const [one, other] = await Promise.all([
      render({ engine: { cacheVolume: onClaim } }),
      render({ engine: { cacheVolume: onClaim }, nodePools: [{ name: "h800", gpuProducts }] }),
    ]);
    expect(revisionOf(one)).not.toBe(revisionOf(other));
  });
});
