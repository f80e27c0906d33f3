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
  /** Why the scheduler puts nothing new there, if so: `cordoned`, `cpu: 4 free, 16 wanted`. */
  readonly why?: string;
  /** How many more replicas the node takes, where that has been worked out. */
  readonly fits?: number;
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
}

/**
 * Adds up who holds which GPUs. It sees what the scheduler sees of GPUs and nothing else: taints, affinity, CPU and
 * memory may still keep a pod out.
 */
export function gpuLedger({ nodes, pods, nodeSelector }: LedgerInputs): GpuLedger {
  const byNode = podsByNode(pods.filter((pod) => !hasEnded(pod)));
  const rows = nodes
    .filter((node) => carries(node, nodeSelector))
    .map((node) => ledgerRow(node, byNode.get(node.metadata.name) ?? [], closedReason(node)));
  return sortedLedger(rows);
}

/** The rows of nodes that have GPUs or should have some, in order. */
export function sortedLedger(rows: readonly LedgerRow[]): GpuLedger {
  const kept = rows.filter(({ allocatable, requested }) => allocatable > 0 || requested > 0);
  return { rows: kept.sort((a, b) => byNumber.compare(a.node, b.node)) };
}

/** `h800-2` before `h800-10`. Made once: that takes longer than comparing all nodes of a large cluster. */
const byNumber = new Intl.Collator("en", { numeric: true });

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

/** The ledger as a table for people, one line a node. Of a large cluster the nodes that come first. */
export function ledgerLines({ rows }: GpuLedger): string[] {
  if (rows.length === 0) return ["no node with GPUs carries the labels that the engine asks for"];
  const shown = rows.slice(0, shownNodes);
  const hasFits = shown.some(({ fits }) => fits !== undefined);
  const cells = shown.map((row) => [
    row.node,
    ...[row.allocatable, row.requested, row.free].map(String),
    ...(hasFits ? [String(row.fits ?? "")] : []),
    [row.why, holdersText(row)].filter((text) => text !== undefined && text !== "").join("; "),
  ]);
  const lines = table([["node", "GPUs", "held", "free", ...(hasFits ? ["fits"] : []), "by"], ...cells]);
  return rows.length === shown.length ? lines : [...lines, restText(rows.slice(shown.length))];
}

/** GPUs of one node and their holders, largest first. `closed` says why it takes nothing new, if so. */
export function ledgerRow(node: Node, held: readonly Pod[], closed?: string): LedgerRow {
  const holders = held
    .map((pod) => ({ pod: `${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`, gpus: gpusOf(pod) }))
    .filter(({ gpus }) => gpus > 0)
    .sort((a, b) => b.gpus - a.gpus || a.pod.localeCompare(b.pod));
  const allocatable = parseQuantity(node.status?.allocatable?.[gpuResource] ?? "0") ?? 0;
  const requested = holders.reduce((sum, { gpus }) => sum + gpus, 0);
  const free = closed === undefined ? Math.max(0, allocatable - requested) : 0;
  return {
    node: node.metadata.name,
    allocatable,
    requested,
    free,
    holders,
    ...(closed === undefined ? {} : { why: closed }),
  };
}

/** Bound pods by the name of their node. */
export function podsByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  return Map.groupBy(pods, ({ spec }) => spec?.nodeName ?? "");
}

/** A screen's height; the holders of more are read elsewhere. */
const shownNodes = 40;

function restText(rest: readonly LedgerRow[]): string {
  return `and ${rest.length} more nodes, with ${freeGpus({ rows: rest })} GPUs free`;
}

/** The first column to the left, numbers to the right, the last as it is. */
function table(lines: readonly (readonly string[])[]): string[] {
  const columns = (lines[0]?.length ?? 1) - 1;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const pad = (cell: string, column: number) => {
    const width = widths[column] ?? 0;
    return column === 0 ? cell.padEnd(width) : cell.padStart(width);
  };
  return lines.map((line) => line.map(pad).join("  ").trimEnd());
}

function holdersText(row: LedgerRow): string {
  const shown = row.holders.slice(0, 3).map(({ pod, gpus }) => `${pod} ${gpus}`);
  const rest = row.holders.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(", ");
}

function closedReason(node: Node): string | undefined {
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
