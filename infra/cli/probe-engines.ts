import { connect } from "../cluster/connect.ts";
import type { ServicePods } from "../cluster/service-pods.ts";
import { directPassage, type Passage } from "../cluster/transport.ts";
import type { Clock } from "../core/clock.ts";
import type { CommandWorld } from "./command.ts";
import type { ProbeAim, ServiceAim } from "./probe-aim.ts";

/** One engine that is to be asked. */
export interface Engine {
  /** The base URL, or the pod's name. */
  readonly name: string;
  readonly podUid?: string;
  open(signal: AbortSignal): Promise<Passage>;
}

/** What a run asks. */
export interface EngineSet {
  /** What the run was pointed at, for reports. */
  readonly target: string;
  /** Empty where {@link missing} says why. */
  readonly engines: readonly Engine[];
  /** Asked at once. */
  readonly parallel: number;
  /** Why nothing can be asked; undefined where something can. */
  readonly missing?: string;
  /** What the verdict leaves out; undefined where it leaves out nothing. */
  readonly unasked?: string;
  close(): void;
}

/** How long between two looks at a Service whose pods are not ready. */
const pollInterval = 2_000;

/** Finds what the aim leads to; waits for pods as long as it may. Rejects with `ENV_KUBECONFIG`, `ENV_UNREACHABLE` or `E_API`. */
export async function findEngines(aim: ProbeAim, world: CommandWorld, clock: Clock): Promise<EngineSet> {
  if (aim.kind === "service") return serviceEngines(aim, world, clock);
  const { baseUrl } = aim;
  const engine = { name: baseUrl, open: async () => directPassage(baseUrl) };
  return { target: baseUrl, engines: [engine], parallel: 1, close: () => undefined };
}

async function serviceEngines(aim: ServiceAim, world: CommandWorld, clock: Clock): Promise<EngineSet> {
  const { service, context, transport: kind, parallel, pods: wanted, waitSeconds } = aim;
  const kubeconfig = aim.kubeconfig ?? world.env.KUBECONFIG;
  const connection = connect({
    ...(kubeconfig ? { kubeconfig } : {}),
    ...(context === undefined ? {} : { context }),
    clock,
  });
  try {
    const namespace = aim.namespace ?? connection.namespace;
    const target = `${namespace}/${service}`;
    const look = () => connection.servicePods({ namespace, service }, world.signal);
    const deadline = clock.now() + waitSeconds * 1000;
    let found = await look();
    let said = "";
    while (found.ready.length < wanted && clock.now() < deadline) {
      const line = `waiting: ${stateOf(found, wanted)}`;
      if (line !== said) world.err(line);
      said = line;
      await clock.sleep(pollInterval, world.signal);
      found = await look();
    }
    const base = { target, parallel, close: () => connection.close() };
    if (found.ready.length < wanted) {
      const waited = waitSeconds === 0 ? "" : ` after ${waitSeconds} s`;
      return { ...base, engines: [], missing: `${stateOf(found, wanted)}${waited}; nothing was asked.` };
    }
    const transport = connection.transport(kind);
    const engines = found.ready.map((pod) => ({
      name: pod.name,
      podUid: pod.uid,
      open: (signal: AbortSignal) => transport.open(pod, signal),
    }));
    const unasked =
      found.unready.length === 0 ? {} : { unasked: `not ready, so not asked: ${found.unready.join(", ")}` };
    return { ...base, engines, ...unasked };
  } catch (error) {
    connection.close();
    throw error;
  }
}

function stateOf({ ready, unready }: ServicePods, wanted: number): string {
  const others = unready.length === 0 ? "no other pod is there" : `not ready: ${unready.join(", ")}`;
  return `${ready.length} of at least ${wanted} pods are ready; ${others}`;
}
