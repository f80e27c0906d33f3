import { gpuResource } from "../core/names.ts";
import { parseQuantity } from "../core/quantity.ts";
import type { Container, Node, Pod } from "./objects.ts";
import { hasEnded } from "./pod-facts.ts";

/** The GPUs of one node, and who holds them. */
export interface LedgerRow {
  readonly node: string;
  readonly allocatable: number;
  readonly requested: number;
  /** 0 where new pods are kept off the node. Never negative. */
  readonly free: number;
  /** Why the scheduler puts nothing new there, if so. */
  readonly closed?: "not ready" | "cordoned";
  /** Pods that hold GPUs, `namespace/name` and how many, largest first. */
  readonly holders: readonly { readonly pod: string; readonly gpus: number }[];
}

/** GPUs of the nodes that an engine may run on, sorted by node name; nodes without any are left out. */
export interface GpuLedger {
  readonly rows: readonly LedgerRow[];
}

/** What a ledger is made of. */
export interface LedgerInputs {
  readonly nodes: readonly Node[];
  /** Pods that are bound to a node. */
  readonly pods: readonly Pod[];
  /** Labels that a node must carry to count. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Pods that shall count as gone. */
  readonly without?: (pod: Pod) => boolean;
}

/**
 * Adds up who holds which GPUs. It sees what the scheduler sees of GPUs and nothing else: taints, affinity, CPU and
 * memory may still keep a pod out.
 */
export function gpuLedger(inputs: LedgerInputs): GpuLedger {
  const holding = inputs.pods.filter((pod) => !hasEnded(pod) && !inputs.without?.(pod));
  const rows = inputs.nodes
    .filter((node) => carries(node, inputs.nodeSelector))
    .map((node) => rowOf(node, holding))
    .filter(({ allocatable, requested }) => allocatable > 0 || requested > 0)
    .sort((a, b) => a.node.localeCompare(b.node));
  return { rows };
}

/** How many replicas of this size find room, each on one node. */
export function replicasThatFit(ledger: GpuLedger, gpusPerReplica: number): number {
  if (gpusPerReplica <= 0) return Number.POSITIVE_INFINITY;
  return ledger.rows.reduce((sum, row) => sum + Math.floor(row.free / gpusPerReplica), 0);
}

/** GPUs that are free, over all nodes. */
export function freeGpus(ledger: GpuLedger): number {
  return ledger.rows.reduce((sum, row) => sum + row.free, 0);
}

/** GPUs that a pod asks for: containers together, or the largest init container if that is more. */
export function gpusOf(pod: Pod): number {
  const running = (pod.spec?.containers ?? []).reduce((sum, container) => sum + gpusOfContainer(container), 0);
  const starting = (pod.spec?.initContainers ?? []).map(gpusOfContainer);
  return Math.max(running, ...starting);
}

/** The ledger as a table for people, one line a node. */
export function ledgerLines(ledger: GpuLedger): string[] {
  if (ledger.rows.length === 0) return ["no node with GPUs carries the labels that the engine asks for"];
  const cells = ledger.rows.map((row) => [
    row.node,
    String(row.allocatable),
    String(row.requested),
    String(row.free),
    [row.closed, holdersText(row)].filter((text) => text !== undefined && text !== "").join("; "),
  ]);
  const table = [["node", "GPUs", "held", "free", "by"], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  return table.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function holdersText(row: LedgerRow): string {
  const shown = row.holders.slice(0, 3).map(({ pod, gpus }) => `${pod} ${gpus}`);
  const rest = row.holders.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(", ");
}

function rowOf(node: Node, pods: readonly Pod[]): LedgerRow {
  const name = node.metadata.name;
  const holders = pods
    .filter((pod) => pod.spec?.nodeName === name)
    .map((pod) => ({ pod: `${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`, gpus: gpusOf(pod) }))
    .filter(({ gpus }) => gpus > 0)
    .sort((a, b) => b.gpus - a.gpus || a.pod.localeCompare(b.pod));
  const allocatable = parseQuantity(node.status?.allocatable?.[gpuResource] ?? "0") ?? 0;
  const requested = holders.reduce((sum, { gpus }) => sum + gpus, 0);
  const closed = closedReason(node);
  const free = closed === undefined ? Math.max(0, allocatable - requested) : 0;
  return { node: name, allocatable, requested, free, holders, ...(closed === undefined ? {} : { closed }) };
}

function closedReason(node: Node): LedgerRow["closed"] | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") return "not ready";
  return node.spec?.unschedulable === true ? "cordoned" : undefined;
}

function gpusOfContainer(container: Container): number {
  const { requests, limits } = container.resources ?? {};
  return parseQuantity(requests?.[gpuResource] ?? limits?.[gpuResource] ?? "0") ?? 0;
}

function carries(node: Node, selector: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => node.metadata.labels?.[key] === value);
}
