import { textOf } from "../core/errors.ts";
import { baselineName, gpuProductLabel } from "../core/names.ts";
import type { Bytes, Seconds } from "../core/units.ts";
import type { Pod } from "../status/objects.ts";
import { isReady, lifeOf } from "../status/pod-facts.ts";
import { podsOf } from "./app-view.ts";
import { withinDeadline } from "./deadline.ts";
import type { BaselineUsed } from "./evidence.ts";
import type { KnownBaseline } from "./ports.ts";
import type { PromotionRun } from "./promotion-run.ts";
import type { Proof } from "./proof.ts";

/** How long recording may take: nobody waits longer for an update whose work is done. */
const recordSeconds: Seconds = 120;

/** A ConfigMap holds 1 MiB. Of short answers to a few prompts a tenth of this is usual. */
const limitBytes: Bytes = 256 * 1024;

/** Reads what the candidate is to be compared with, and keeps for the evidence which it was. */
export async function readBaseline(run: PromotionRun, signal: AbortSignal): Promise<KnownBaseline> {
  const name = baselineName(run.ref.app);
  run.baseline = undefined;
  const json = await run.ports.cluster.readBaseline(run.ref, name, signal);
  if (json === undefined) return { because: `There is no ConfigMap ${name}: no revision has been recorded yet.` };
  const head = headOf(json);
  if (head === undefined) return { because: `ConfigMap ${name} holds no baseline that can be read.` };
  run.baseline = { configMap: name, sha256: run.ports.sha256(json), ...head };
  return { name, json };
}

/**
 * Records what the revision that has just passed says to the golden prompts, for the next one to be compared with. The
 * work is done by then: whatever goes wrong here is told in one line and changes nothing. A baseline of this very
 * revision is kept: recorded anew after each proof in place, it would follow a slow drift.
 */
export async function keepBaseline(run: PromotionRun, proof: Proof): Promise<void> {
  if (run.baseline?.revision === run.inputs.revision) return;
  const limit = { clock: run.ports.clock, milliseconds: recordSeconds * 1000 };
  const outer = AbortSignal.any([run.abort, ...(run.lease === undefined ? [] : [run.lease.lost])]);
  try {
    const kept = await withinDeadline(limit, outer, (signal) => recordOne(run, proof, signal));
    if (kept.kind === "deadline") throw new Error(`${recordSeconds} s were not enough.`);
    run.line(
      "evidence",
      `ConfigMap ${baselineName(run.ref.app)}: golden answers of ${kept.value}, for the next revision`,
    );
  } catch (error) {
    run.line("evidence", `no golden answers were recorded for the next revision: ${textOf(error)}`);
  }
}

async function recordOne(run: PromotionRun, proof: Proof, signal: AbortSignal): Promise<string> {
  const { revision, probe: spec, imageDigest } = run.inputs;
  const { cluster, prober } = run.ports;
  const lives = new Set(proof.map(({ life }) => life));
  const pods = podsOf(await cluster.observe(run.ref, signal), revision);
  const pod = pods.find((each) => lives.has(lifeOf(each)) && isReady(each));
  if (pod === undefined) throw new Error("none of the proven pods is there and ready.");
  const gpuProduct = (await gpuProductsOf(run, signal))(pod);
  const outside = { imageDigest, ...(gpuProduct === undefined ? {} : { gpuProduct }) };
  const json = await prober.recordBaseline(run.ref, pod, { spec, ...outside }, signal);
  const bytes = new TextEncoder().encode(json).length;
  if (bytes > limitBytes) throw new Error(`they have ${bytes} bytes, ${limitBytes} are allowed.`);
  const record = { name: baselineName(run.ref.app), json, revision };
  await run.write(signal, () => cluster.saveBaseline(run.ref, record, signal));
  return pod.metadata.name;
}

/** Tells of a pod which GPUs its node has, as far as the node's labels say it. */
export async function gpuProductsOf(run: PromotionRun, signal: AbortSignal): Promise<(pod: Pod) => string | undefined> {
  const { nodes } = await run.ports.cluster.capacity(signal);
  const products = new Map(nodes.map(({ metadata }) => [metadata.name, metadata.labels?.[gpuProductLabel]]));
  return (pod) => products.get(pod.spec?.nodeName ?? "");
}

/** What the evidence tells of a baseline; the prober reads the rest. Undefined for text that is none. */
function headOf(json: string): Pick<BaselineUsed, "revision" | "recordedAt"> | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    if (parsed === null || typeof parsed !== "object") return undefined;
    const { kind, recordedAt, weightVersion }: Readonly<Record<string, unknown>> = { ...parsed };
    if (kind !== "ProbeBaseline" || typeof recordedAt !== "string") return undefined;
    return { revision: typeof weightVersion === "string" ? weightVersion : null, recordedAt };
  } catch {
    return undefined;
  }
}
