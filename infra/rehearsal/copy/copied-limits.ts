import { type Amounts, amountOf, plus, podLimits, podRequests } from "../../status/headroom/amounts.ts";
import type { NamespaceLimits } from "../../status/headroom/headroom.ts";
import type { PodSpec, ResourceQuota } from "../../status/objects.ts";

/** What a quota says of pods. Counts of other objects and of storage do not bound a rollout's pods. */
const ofPods = /^(pods|count\/pods|cpu|memory|ephemeral-storage|(requests|limits)\.(?!storage$).+)$/;
const ofStorageClasses = /\.storageclass\.storage\.k8s\.io\//;

/**
 * The limits of the namespace as the app alone would find them: what other pods of the namespace use up is taken off, since
 * they are not copied there. `own` are the app's pods, which count in the quotas' use now and are made anew.
 */
export function copyLimits({ quotas, ranges }: NamespaceLimits, own: readonly PodSpec[]): NamespaceLimits {
  const used = plus(...own.map(usageOf));
  return {
    quotas: quotas.flatMap((quota) => reduced(quota, used)),
    ranges: ranges.map(({ metadata: { name }, spec }) => ({
      metadata: { name },
      ...(spec === undefined ? {} : { spec }),
    })),
  };
}

function reduced({ metadata, spec, status }: ResourceQuota, own: Amounts): readonly ResourceQuota[] {
  const hard = Object.entries(spec?.hard ?? {})
    .filter(([key]) => ofPods.test(key) && !ofStorageClasses.test(key))
    .map(([key, text]) => {
      const resource = resourceOf(key);
      const others = Math.max(0, amountOf(resource, status?.used?.[key] ?? "0") - (own.get(key) ?? 0));
      const left = Math.max(0, amountOf(resource, text) - others);
      return [key, resource === "cpu" ? `${left}m` : String(left)] as const;
    });
  return hard.length === 0
    ? []
    : [{ metadata: { name: metadata.name }, spec: { ...spec, hard: Object.fromEntries(hard) } }];
}

function resourceOf(key: string): string {
  return key.replace(/^(requests|limits)\./, "");
}

/** What a quota counts of a pod, under each name that it may have there. */
function usageOf(spec: PodSpec): Amounts {
  const requests = [...podRequests(spec)];
  return new Map([
    ["pods", 1],
    ["count/pods", 1],
    ...requests,
    ...requests.map(([resource, amount]) => [`requests.${resource}`, amount] as const),
    ...[...podLimits(spec)].map(([resource, amount]) => [`limits.${resource}`, amount] as const),
  ]);
}
