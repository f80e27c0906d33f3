import { ApiClient } from "../../../infra/cluster/api-client.ts";
import { loadKubeconfig } from "../../../infra/cluster/kubeconfig.ts";
import { systemClock } from "../../../infra/cluster/system-clock.ts";
import { type ClockPhase, clockPhases } from "../../../infra/core/phase-budgets.ts";
import { sizeText } from "../../../infra/core/transfer.ts";
import type { Seconds } from "../../../infra/core/units.ts";
import { initStack, stackOutputs } from "../../../infra/rehearsal/pulumi/pulumi.ts";
import { startFakeHub } from "../../../test/support/fake-hub.ts";
import type { Setting } from "../../story/stack-file.ts";
import { timeUp } from "../cluster.ts";
import type { Bench, BenchPart } from "../part.ts";
import { type Rollout, readRollout } from "../timeline/rollout.ts";
import { broughtByNobody, kernelClaim, otherRevision, timelineSettings } from "../timeline/settings.ts";
import { chunkPause, pullSeconds, speed, virtual, virtualWeights } from "../timeline/virtual-sizes.ts";

const gpusPerReplica = 2;

/** Where the time of a rollout goes, and what each thing that is brought or kept saves. */
export const timeline: BenchPart = {
  name: "timeline",
  measures: "a cold, a warm and an unprepared rollout by phase, in simulated seconds (about three minutes)",
  async run(bench) {
    const cluster = await bench.cluster.running();
    const api = new ApiClient(loadKubeconfig({ kubeconfig: cluster.state.kubeconfig }), systemClock);
    const hub = await startFakeHub(virtualWeights());
    hub.fault = () => ({ kind: "slow", pause: chunkPause });
    try {
      await makeKernelClaim(api, bench.signal);
      await initStack(cluster.place);
      const roll = async (changes: readonly Setting[]) => {
        // Creation times of pods are whole seconds.
        const since = Math.floor(Date.now() / 1000) * 1000;
        await timeUp(cluster.place, bench.cluster.stackFile(cluster, [...timelineSettings(hub.url), ...changes]));
        return await readRollout({ api, signal: bench.signal, speed }, await stackOutputs(cluster.place), since);
      };
      const cold = await roll([]);
      const warm = await roll(otherRevision);
      const unprepared = await roll(broughtByNobody);
      print(bench, { cold, warm, unprepared });
    } finally {
      await hub.close();
      api.close();
    }
  },
};

/** The stack makes the weights' claim; this one must be there. */
async function makeKernelClaim(api: ApiClient, signal: AbortSignal): Promise<void> {
  const namespace = { kind: "Namespace", metadata: { name: "keye" } };
  const spec = { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "10Gi" } } };
  const kernels = { kind: "PersistentVolumeClaim", metadata: { name: kernelClaim }, spec };
  const objects = [
    ["/api/v1/namespaces", namespace],
    ["/api/v1/namespaces/keye/persistentvolumeclaims", kernels],
  ] as const;
  for (const [path, body] of objects) {
    const { status } = await api.send({ method: "POST", path, body }, signal);
    // 409: it is there, as the namespace may be.
    if (status >= 300 && status !== 409) throw new Error(`creating ${path} got ${status}`);
  }
}

type Rollouts = Readonly<Record<"cold" | "warm" | "unprepared", Rollout>>;

function print({ print: line }: Bench, { cold, warm, unprepared }: Rollouts): void {
  const { imageBytes, weightsBytes, registryBytesPerSecond, hubBytesPerSecond, compileSeconds } = virtual;
  line(`
  played: image ${sizeText(imageBytes)} at ${sizeText(registryBytesPerSecond)}/s a node, weights ${sizeText(weightsBytes)} at ${sizeText(hubBytesPerSecond)}/s (a thousandth of the
  bytes is real), compiling all kernels ${compileSeconds} s; ${speed} simulated seconds in a real one, schedule and probe in real seconds.
  Two replicas of two GPUs; where they differ the longer one counts. Unprepared: the weights are there, but there is neither
  pre-pull nor a volume for kernels.

  phase               cold      warm  unprepared`);
  for (const phase of clockPhases) {
    const row = [cold, warm, unprepared].map((one) => `${Math.round(spanOf(one, phase))} s`.padStart(8));
    line(`  ${phase.padEnd(14)} ${row.join("  ")}`);
  }
  const rows: readonly (readonly [string, (one: Rollout) => string])[] = [
    ["until proven", (one) => `${Math.round(untilProven(one))} s`],
    ["GPUs held", (one) => `${Math.round(gpuSeconds(one) / 60)} min`],
  ];
  for (const [name, value] of rows) {
    line(`  ${name.padEnd(14)} ${[cold, warm, unprepared].map((one) => value(one).padStart(8)).join("  ")}`);
  }
  const gpus = cold.pods.length * gpusPerReplica;
  const jit = Math.max(...cold.pods.map((pod) => pod.get("jit") ?? 0));
  const twice = (cold.pods.length - 1) * jit * gpusPerReplica;
  line(`
  what each saves
  pre-pull             ${pullSeconds} s in which ${gpus} GPUs would wait for an image
  weights are there    ${Math.round(cold.supply.hydrate)} s of every rollout after the first one with these weights
  kernels are there    ${Math.round(jit)} s of every rollout after the first one with this image and these arguments
  first replica alone  ${Math.round(twice)} GPU seconds of compiling the same again, at the price of ${Math.round(startOf(cold.pods[1]))} s until all are ready
`);
}

/** Of a rollout's pods and Jobs, what took longest in a phase. */
function spanOf({ supply, pods, probe }: Rollout, phase: ClockPhase): Seconds {
  if (phase === "probe") return probe;
  if (phase === "hydrate") return supply.hydrate;
  const longest = Math.max(...pods.map((pod) => pod.get(phase) ?? 0));
  return phase === "pull" ? Math.max(longest, supply.pull) : longest;
}

/** What brings things runs side by side; engines one after the other where the first one compiles for all. */
function untilProven({ supply, pods, isOneByOne, probe }: Rollout): Seconds {
  const starts = pods.map(startOf);
  const start = isOneByOne ? starts.reduce((sum, one) => sum + one, 0) : Math.max(...starts);
  return Math.max(supply.pull, supply.hydrate) + start + probe;
}

/** From a pod's creation until it has been proven, its GPUs serve nobody. */
function gpuSeconds(one: Rollout): Seconds {
  const held = untilProven(one) - Math.max(one.supply.pull, one.supply.hydrate);
  const [first, ...others] = one.pods;
  const later = others.map((pod) => startOf(pod) + one.probe);
  const all = one.isOneByOne ? [held, ...later] : [first, ...others].map(() => held);
  return gpusPerReplica * all.reduce((sum, seconds) => sum + seconds, 0);
}

function startOf(pod: ReadonlyMap<ClockPhase, Seconds> | undefined): Seconds {
  return [...(pod?.values() ?? [])].reduce((sum, seconds) => sum + seconds, 0);
}
