import type { Container, PodSpec, ResourceQuota } from "../objects.ts";
import { type Amounts, amountsOf, amountText, plus, podLimits, podRequests, requestsOf } from "./amounts.ts";

/** How many more pods of one kind the quotas of a namespace let in. */
export interface QuotaRoom {
  /** Infinity where no quota counts such pods. */
  readonly fits: number;
  /** The quota that bounds it, with its numbers; absent where none does. */
  readonly why?: string;
}

/**
 * The room in the tightest quota. `freed` are pods of the namespace that the quotas count now and will count no more.
 * @see k8s.io/kubernetes v1.36, pkg/quota/v1/evaluator/core/pods.go
 */
export function quotaRoom(quotas: readonly ResourceQuota[], spec: PodSpec, freed: readonly PodSpec[]): QuotaRoom {
  const usage = usageOf(spec);
  const rooms = quotas.filter((quota) => counts(quota, spec)).map((quota) => roomIn(quota, { spec, usage, freed }));
  return rooms.reduce((least, room) => (room.fits < least.fits ? room : least), { fits: Number.POSITIVE_INFINITY });
}

interface Asking {
  readonly spec: PodSpec;
  readonly usage: Amounts;
  readonly freed: readonly PodSpec[];
}

function roomIn(quota: ResourceQuota, { spec, usage, freed }: Asking): QuotaRoom {
  const hard = amountsOf(quota.spec?.hard);
  const name = `quota ${quota.metadata.name}`;
  const missing = missingIn(spec, [...hard.keys()]);
  if (missing !== undefined) return { fits: 0, why: `${name}: every container must say its ${missing}` };
  const used = amountsOf(quota.status?.used);
  const returned = plus(...freed.filter((pod) => counts(quota, pod)).map(usageOf));
  let room: QuotaRoom = { fits: Number.POSITIVE_INFINITY };
  for (const [resource, limit] of hard) {
    const each = usage.get(resource) ?? 0;
    if (each <= 0) continue;
    const taken = Math.max(0, (used.get(resource) ?? 0) - (returned.get(resource) ?? 0));
    const fits = Math.max(0, Math.floor((limit - taken) / each));
    if (fits >= room.fits) continue;
    const [takenText, limitText, eachText] = [taken, limit, each].map((amount) => amountText(resource, amount));
    room = { fits, why: `${name}: ${resource} ${takenText} of ${limitText} used, ${eachText} a replica` };
  }
  return room;
}

/** What a quota may count of a pod, under every name that it may have there. */
function usageOf(spec: PodSpec): Amounts {
  const usage = new Map([
    ["pods", 1],
    ["count/pods", 1],
  ]);
  for (const [resource, amount] of podRequests(spec)) {
    usage.set(`requests.${resource}`, amount);
    // Extended resources are counted by their requests alone.
    if (!resource.includes("/")) usage.set(resource, amount);
  }
  for (const [resource, amount] of podLimits(spec)) usage.set(`limits.${resource}`, amount);
  return usage;
}

/** A resource of which a quota wants to be told by every container, and is not. */
function missingIn({ containers, initContainers = [] }: PodSpec, counted: readonly string[]): string | undefined {
  const says = (container: Container, resource: string) =>
    resource.startsWith("limits.")
      ? amountsOf(container.resources?.limits).has(resource.slice("limits.".length))
      : requestsOf(container).has(resource.replace(/^requests\./, ""));
  return counted
    .filter((resource) => /^((requests|limits)\.)?(cpu|memory)$/.test(resource))
    .find((resource) => [...containers, ...initContainers].some((container) => !says(container, resource)));
}

/** Whether the scopes of the quota take the pod in: one that runs without a deadline. */
function counts({ spec }: ResourceQuota, pod: PodSpec): boolean {
  const listed = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists", values: [] }));
  return [...listed, ...(spec?.scopeSelector?.matchExpressions ?? [])].every(({ scopeName, operator, values = [] }) => {
    switch (scopeName) {
      case "NotTerminating":
        return true;
      case "BestEffort":
        return isBestEffort(pod);
      case "NotBestEffort":
        return !isBestEffort(pod);
      case "PriorityClass":
        return hasClass(pod.priorityClassName, operator, values);
      default:
        return false;
    }
  });
}

function hasClass(name: string | undefined, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case "In":
      return name !== undefined && values.includes(name);
    case "NotIn":
      return name === undefined || !values.includes(name);
    case "DoesNotExist":
      return name === undefined;
    default:
      return name !== undefined;
  }
}

function isBestEffort({ containers, initContainers = [] }: PodSpec): boolean {
  const isZero = (container: Container) =>
    ["cpu", "memory"].every(
      (resource) => !requestsOf(container).get(resource) && !amountsOf(container.resources?.limits).get(resource),
    );
  return [...containers, ...initContainers].every(isZero);
}
