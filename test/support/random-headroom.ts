import type { Container, Node, PodSpec, Taint, Toleration } from "../../infra/status/objects.ts";

/** Label by which the nodes of a case are told from all others. */
export const caseLabel = "headroom-case";

/** A pod that is on a node before the candidate comes. */
export interface Holder {
  readonly spec: PodSpec & { readonly nodeName: string };
  /** Whether it is in the candidate's namespace, where quotas count it. */
  readonly isOwn: boolean;
  readonly hasEnded: boolean;
}

/** A cluster, what runs on it, and pods to come: objects for the API. */
export interface HeadroomCase {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly holders: readonly Holder[];
  readonly candidate: PodSpec;
  readonly replicas: number;
  readonly quota?: object;
  readonly range?: object;
}

const gpu = "nvidia.com/gpu";
const taints: readonly Taint[] = [
  { key: gpu, value: "present", effect: "NoSchedule" },
  { key: "team", value: "a", effect: "NoSchedule" },
  { key: "team", value: "b", effect: "NoExecute" },
  { key: "slow", effect: "PreferNoSchedule" },
];

/** The case of a seed: always the same one. */
export function randomCase(seed: number): HeadroomCase {
  const draw = new Draw(seed);
  const name = `case-${seed}`;
  const nodes = Array.from({ length: draw.between(1, 7) }, (_, index) => randomNode(draw, name, `${name}-${index}`));
  const holders = nodes.flatMap((node) =>
    Array.from({ length: draw.between(0, 2) }, () => randomHolder(draw, node.metadata.name)),
  );
  return {
    name,
    nodes,
    holders,
    candidate: randomCandidate(draw, name),
    replicas: draw.between(1, 12),
    ...(draw.isOneIn(3) ? { quota: randomQuota(draw) } : {}),
    ...(draw.isOneIn(3) ? { range: randomRange(draw) } : {}),
  };
}

function randomNode(draw: Draw, ofCase: string, name: string): Node {
  const allocatable = {
    cpu: draw.one(["3500m", "8", "16", "64"]),
    memory: draw.one(["15.5Gi", "32Gi", "64G", "256Gi"]),
    "ephemeral-storage": draw.one(["50Gi", "500Gi"]),
    pods: draw.one(["2", "4", "5", "110", "110"]),
    ...(draw.isOneIn(6) ? {} : { [gpu]: String(draw.between(0, 8)) }),
  };
  const labels = {
    [caseLabel]: ofCase,
    ...(draw.isOneIn(3) ? {} : { disk: draw.one(["ssd", "hdd"]) }),
    ...(draw.isOneIn(3) ? {} : { rank: draw.one(["1", "2", "5", "first"]) }),
  };
  return {
    metadata: { name, labels },
    spec: { taints: taints.filter(() => draw.isOneIn(6)), unschedulable: draw.isOneIn(8) },
    status: { allocatable },
  };
}

function randomHolder(draw: Draw, nodeName: string): Holder {
  const spec = {
    nodeName,
    // A taint that evicts would take it away again.
    tolerations: [{ operator: "Exists" }],
    terminationGracePeriodSeconds: 0,
    ...randomContainers(draw),
  };
  return { spec, isOwn: draw.isOneIn(2), hasEnded: draw.isOneIn(6) };
}

function randomCandidate(draw: Draw, ofCase: string): PodSpec {
  const tolerations: Toleration[] = [
    ...(draw.isOneIn(4) ? [] : [{ key: gpu, operator: "Exists", effect: "NoSchedule" }]),
    ...(draw.isOneIn(3) ? [{ key: "team", value: draw.one(["a", "b"]) }] : []),
    ...(draw.isOneIn(8) ? [{ key: "node.kubernetes.io/unschedulable", operator: "Exists" }] : []),
    ...(draw.isOneIn(9) ? [{ operator: "Exists", effect: "NoExecute" }] : []),
  ];
  const hostname = { maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway" };
  return {
    terminationGracePeriodSeconds: 0,
    nodeSelector: { [caseLabel]: ofCase, ...(draw.isOneIn(8) ? { disk: "ssd" } : {}) },
    tolerations,
    topologySpreadConstraints: [hostname],
    ...(draw.isOneIn(12) ? { hostNetwork: true } : {}),
    ...(draw.isOneIn(4) ? { affinity: { nodeAffinity: randomAffinity(draw, ofCase) } } : {}),
    ...randomContainers(draw),
  };
}

function randomAffinity(draw: Draw, ofCase: string) {
  const requirements = [
    { key: "disk", operator: "In", values: ["ssd", "nvme"] },
    { key: "disk", operator: "NotIn", values: ["ssd"] },
    { key: "disk", operator: "Exists" },
    { key: "rank", operator: "DoesNotExist" },
    { key: "rank", operator: "Gt", values: ["1"] },
    { key: "rank", operator: "Lt", values: ["5"] },
  ];
  const names = { key: "metadata.name", operator: draw.one(["In", "NotIn"]), values: [`${ofCase}-0`] };
  const nodeSelectorTerms = Array.from({ length: draw.between(1, 2) }, () => ({
    matchExpressions: requirements.filter(() => draw.isOneIn(5)),
    ...(draw.isOneIn(4) ? { matchFields: [names] } : {}),
  }));
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
}

function randomContainers(draw: Draw): Pick<PodSpec, "containers" | "initContainers"> {
  const containers = Array.from({ length: draw.between(1, 2) }, (_, index) => randomContainer(draw, `main-${index}`));
  const initContainers = Array.from({ length: draw.one([0, 0, 1, 2]) }, (_, index) => ({
    ...randomContainer(draw, `init-${index}`),
    ...(draw.isOneIn(2) ? { restartPolicy: "Always" } : {}),
  }));
  return { containers, ...(initContainers.length === 0 ? {} : { initContainers }) };
}

function randomContainer(draw: Draw, name: string): Container {
  const gpus = draw.one(["0", "1", "1", "2"]);
  const requests = {
    ...(draw.isOneIn(3) ? {} : { cpu: draw.one(["100m", "250m", "1500m", "4"]) }),
    ...(draw.isOneIn(3) ? {} : { memory: draw.one(["512Mi", "1G", "4Gi", "10G"]) }),
    ...(draw.isOneIn(8) ? { "ephemeral-storage": "30Gi" } : {}),
  };
  const limits = {
    ...(draw.isOneIn(2) ? { [gpu]: gpus } : {}),
    // Without a request, or not below the largest one.
    ...(draw.isOneIn(4) ? { cpu: draw.one(["4", "6"]) } : {}),
    ...(draw.isOneIn(4) ? { memory: "10Gi" } : {}),
  };
  const port = { containerPort: draw.between(8000, 8001), protocol: draw.one(["TCP", "UDP"]) };
  const hostPort = { hostPort: port.containerPort, ...(draw.isOneIn(3) ? { hostIP: "127.0.0.1" } : {}) };
  const ports = draw.isOneIn(6) && name === "main-0" ? [{ ...port, ...hostPort }] : [];
  return { name, image: "registry.example.com/none:1", resources: { requests, limits }, ports } as Container;
}

function randomQuota(draw: Draw): object {
  const hard = {
    ...(draw.isOneIn(3) ? { pods: draw.one(["1", "3", "6"]) } : {}),
    ...(draw.isOneIn(3) ? { "requests.cpu": draw.one(["3", "9", "30"]) } : {}),
    ...(draw.isOneIn(3) ? { [`requests.${gpu}`]: draw.one(["2", "5", "12"]) } : {}),
    ...(draw.isOneIn(5) ? { "limits.memory": "60Gi" } : {}),
    "count/secrets": "100",
  };
  return { hard, ...(draw.isOneIn(4) && !("limits.memory" in hard) ? { scopes: ["NotTerminating"] } : {}) };
}

function randomRange(draw: Draw): object {
  const container = {
    type: "Container",
    ...(draw.isOneIn(2) ? { defaultRequest: { cpu: "3" }, default: { cpu: "4", memory: "10Gi" } } : {}),
    ...(draw.isOneIn(4) ? { max: { cpu: "6" } } : {}),
    ...(draw.isOneIn(4) ? { min: { memory: "1Gi" } } : {}),
  };
  const pod = { type: "Pod", max: { cpu: "9" } };
  return { limits: [container, ...(draw.isOneIn(4) ? [pod] : [])] };
}

/** Numbers from a seed: mulberry32. */
class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1);
  }

  /** Both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  one<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.between(0, choices.length - 1)] ?? choices[0];
  }

  isOneIn(times: number): boolean {
    return this.#next() < 1 / times;
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
