import type { ClusterApiPoolConfig } from "../../config/node-pool-config.ts";
import type { StackConfig } from "../../config/stack-config.ts";
import type { AccessQuestion } from "../../core/doctor-facts.ts";
import { mayBeWatched } from "../chart-values.ts";
import { referencesOf } from "../check-references.ts";

/** What the deploying identity must be allowed; `docs/rbac.md` has the same as YAML, and a test that both agree. */
export interface Right {
  readonly scope: "namespace" | "cluster";
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** One object alone: the live Service, or the Secret with the engine's API key. */
  readonly name?: "app" | "apiKeySecret";
  /** Namespaces in which a cluster-wide right is enough. @default everywhere */
  readonly askedIn?: (config: StackConfig) => readonly string[];
  /** Whether a stack needs it. @default always */
  readonly isNeeded?: (config: StackConfig) => boolean;
}

/** Pulumi's Kubernetes provider applies, which is a patch, and creates; it never updates. */
const everything = ["get", "list", "watch", "create", "patch", "delete"];

/** Every right of `docs/rbac.md`, in its order. */
export const rights: readonly Right[] = [
  { scope: "namespace", group: "apps", resources: ["deployments"], verbs: ["list", "watch"] },
  { scope: "namespace", group: "apps", resources: ["replicasets"], verbs: ["list"] },
  { scope: "namespace", group: "", resources: ["pods", "events"], verbs: ["list", "watch"] },
  { scope: "namespace", group: "discovery.k8s.io", resources: ["endpointslices"], verbs: ["list", "watch"] },
  { scope: "namespace", group: "", resources: ["pods/log"], verbs: ["get"] },
  { scope: "namespace", group: "", resources: ["resourcequotas", "limitranges"], verbs: ["list"] },
  {
    scope: "namespace",
    group: "",
    resources: ["pods/portforward"],
    verbs: ["get", "create"],
    isNeeded: ({ gate }) => gate.transport === "port-forward",
  },
  { scope: "namespace", group: "apps", resources: ["deployments/scale"], verbs: ["patch"] },
  { scope: "namespace", group: "apps", resources: ["deployments/scale"], verbs: ["get"], isNeeded: mayBeWatched },
  { scope: "namespace", group: "", resources: ["pods"], verbs: ["patch"], isNeeded: mayRamp },
  {
    scope: "namespace",
    group: "leaderworkerset.x-k8s.io",
    resources: ["leaderworkersets/scale"],
    verbs: ["get", "patch"],
    isNeeded: hasGroups,
  },
  { scope: "namespace", group: "", resources: ["services"], name: "app", verbs: ["get", "patch"] },
  {
    scope: "namespace",
    group: "batch",
    resources: ["jobs"],
    verbs: ["get", "list", "create", "patch", "delete"],
    isNeeded: (config) => hasJobs(config) || mayBeWatched(config),
  },
  { scope: "namespace", group: "coordination.k8s.io", resources: ["leases"], verbs: ["get", "create", "update"] },
  { scope: "namespace", group: "", resources: ["configmaps"], verbs: ["get", "list", "create", "update"] },
  {
    scope: "namespace",
    group: "",
    resources: ["persistentvolumeclaims"],
    verbs: ["get"],
    isNeeded: (config) => referencesOf(config).claims.length > 0,
  },
  {
    scope: "namespace",
    group: "",
    resources: ["secrets"],
    name: "apiKeySecret",
    verbs: ["get"],
    isNeeded: ({ engine }) => engine.apiKeySecret !== undefined,
  },
  {
    scope: "namespace",
    group: "",
    resources: ["configmaps", "services", "serviceaccounts"],
    verbs: everything,
  },
  { scope: "namespace", group: "batch", resources: ["jobs"], verbs: everything, isNeeded: hasJobs },
  {
    scope: "namespace",
    group: "",
    resources: ["persistentvolumeclaims"],
    verbs: everything.filter((verb) => verb !== "delete"),
    isNeeded: ({ model }) => model.volume?.kind === "pvc" && model.volume.create !== undefined,
  },
  { scope: "namespace", group: "apps", resources: ["deployments"], verbs: everything },
  {
    scope: "namespace",
    group: "leaderworkerset.x-k8s.io",
    resources: ["leaderworkersets"],
    verbs: everything,
    isNeeded: hasGroups,
  },
  { scope: "namespace", group: "policy", resources: ["poddisruptionbudgets"], verbs: everything },
  { scope: "namespace", group: "networking.k8s.io", resources: ["networkpolicies"], verbs: everything },
  {
    scope: "namespace",
    group: "rbac.authorization.k8s.io",
    resources: ["roles", "rolebindings"],
    verbs: everything,
    isNeeded: mayBeWatched,
  },
  { scope: "cluster", group: "", resources: ["nodes"], verbs: ["get", "list", "watch", "patch"] },
  { scope: "cluster", group: "", resources: ["pods"], verbs: ["list"] },
  { scope: "cluster", group: "", resources: ["namespaces"], verbs: ["get", "create", "patch"] },
  {
    scope: "cluster",
    group: "karpenter.sh",
    resources: ["nodepools"],
    verbs: everything,
    isNeeded: ({ nodePools }) => nodePools.some(({ provider }) => provider === "karpenter"),
  },
  {
    scope: "cluster",
    group: "cluster.x-k8s.io",
    resources: ["machinedeployments"],
    verbs: everything,
    ...forPoolsOf("MachineDeployment"),
  },
  {
    scope: "cluster",
    group: "cluster.x-k8s.io",
    resources: ["machinepools"],
    verbs: everything,
    ...forPoolsOf("MachinePool"),
  },
];

function forPoolsOf(kind: ClusterApiPoolConfig["kind"]): Required<Pick<Right, "askedIn" | "isNeeded">> {
  const askedIn = ({ nodePools }: StackConfig) =>
    nodePools.flatMap((pool) => (pool.provider === "clusterApi" && pool.kind === kind ? [pool.namespace] : []));
  return { askedIn, isNeeded: (config) => askedIn(config).length > 0 };
}

function hasJobs({ model, supply, image }: StackConfig): boolean {
  return model.weights !== undefined || supply.prePull || image.kind === "source";
}

function mayRamp({ rollout }: StackConfig): boolean {
  return rollout.strategy === "canary" || rollout.strategy === "auto";
}

function hasGroups({ engine }: StackConfig): boolean {
  return engine.nodesPerReplica > 1;
}

/** The rights of one stack as questions to the API server, each once. */
export function accessQuestions(config: StackConfig): readonly AccessQuestion[] {
  const questions = rights
    .filter(({ isNeeded }) => isNeeded === undefined || isNeeded(config))
    .flatMap((right) => placesOf(right, config).flatMap((place) => questionsAt(right, place)));
  return [...new Map(questions.map((one) => [JSON.stringify(one), one])).values()];
}

type Place = Pick<AccessQuestion, "namespace" | "name">;

function questionsAt({ group, resources, verbs }: Right, place: Place): readonly AccessQuestion[] {
  return resources.flatMap((resource) => verbs.map((verb) => ({ verb, group, resource, ...place })));
}

function placesOf({ scope, name, askedIn }: Right, config: StackConfig): readonly Place[] {
  if (scope === "cluster") return askedIn?.(config).map((namespace) => ({ namespace })) ?? [{}];
  const { namespace } = config;
  const object = name === "app" ? config.name : config.engine.apiKeySecret?.name;
  return [name === undefined || object === undefined ? { namespace } : { namespace, name: object }];
}
