import type { Container, LimitRange, PodSpec } from "../objects.ts";
import { type Amounts, amountOf, amountsOf, amountText, podLimits, podRequests, requestsOf } from "./amounts.ts";

type Limits = NonNullable<LimitRange["spec"]>["limits"][number];

/** The pod as it will be once the API server has filled in what the namespace's LimitRanges give to containers. */
export function withDefaults(spec: PodSpec, ranges: readonly LimitRange[]): PodSpec {
  const items = itemsOf(ranges, "Container");
  if (items.length === 0) return spec;
  const filled = (container: Container) => items.reduce(fill, container);
  return {
    ...spec,
    containers: spec.containers.map(filled),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(filled) }),
  };
}

/** Why the API server would refuse the pod, which has its defaults; undefined where no LimitRange forbids it. */
export function forbiddenBy(spec: PodSpec, ranges: readonly LimitRange[]): string | undefined {
  const containers = [...spec.containers, ...(spec.initContainers ?? [])].map((container) => ({
    who: `container ${container.name}`,
    requests: requestsOf(container),
    limits: amountsOf(container.resources?.limits),
  }));
  const pod = { who: "the pod", requests: podRequests(spec), limits: podLimits(spec) };
  const faults = [
    ...containers.map(overLimit),
    ...itemsOf(ranges, "Container").flatMap((item) => containers.map((one) => beyond(one, item))),
    ...itemsOf(ranges, "Pod").map((item) => beyond(pod, item)),
  ];
  return faults.find((fault) => fault !== undefined);
}

/** A default limit may be less than what a container asks for. */
function overLimit({ who, requests, limits }: Bounded): string | undefined {
  for (const [resource, limit] of limits) {
    const asked = requests.get(resource) ?? 0;
    if (asked > limit) {
      return `${who} requests ${amountText(resource, asked)} ${resource}, more than its limit of ${amountText(resource, limit)}`;
    }
  }
  return undefined;
}

interface Bounded {
  readonly who: string;
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** @see k8s.io/kubernetes v1.36, plugin/pkg/admission/limitranger, minConstraint and maxConstraint */
function beyond({ who, requests, limits }: Bounded, { min = {}, max = {} }: Limits): string | undefined {
  for (const [resource, text] of Object.entries(min)) {
    const asked = requests.get(resource);
    if (asked === undefined || asked < amountOf(resource, text)) {
      return `${who} requests ${asked === undefined ? "no" : amountText(resource, asked)} ${resource}, at least ${text} is wanted`;
    }
  }
  for (const [resource, text] of Object.entries(max)) {
    const bound = limits.get(resource);
    if (bound === undefined || bound > amountOf(resource, text)) {
      return `${who} has ${bound === undefined ? "no" : `a ${amountText(resource, bound)}`} limit of ${resource}, at most ${text} is allowed`;
    }
  }
  return undefined;
}

/** What a container leaves open; what it asks for itself stays. */
function fill(container: Container, item: Limits): Container {
  const { requests, limits } = container.resources ?? {};
  return {
    ...container,
    resources: {
      // Requests that follow from the container's own limits come before those of the range.
      requests: { ...item.defaultRequest, ...limits, ...requests },
      limits: { ...item.default, ...limits },
    },
  };
}

/** The API server has completed them: `max` stands for a missing `default`, that for a missing `defaultRequest`. */
function itemsOf(ranges: readonly LimitRange[], type: "Container" | "Pod"): readonly Limits[] {
  return ranges.flatMap(({ spec }) => spec?.limits ?? []).filter((item) => item.type === type);
}
