import type { Headroom } from "./headroom.ts";

/** What may decide where a pod goes and is not looked at here, where the pod or the cluster has any of it. */
export function unseenOf({ inputs, asked }: Headroom): readonly string[] {
  const { affinity, topologySpreadConstraints = [], priorityClassName } = asked.spec;
  const isPodBound =
    affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined ||
    affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined;
  const isSpread = topologySpreadConstraints.some(({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule");
  return [
    ...(inputs.limits === undefined ? ["Quotas and LimitRanges may not be read here, and count as none."] : []),
    ...(isPodBound ? ["Required affinity to other pods is not looked at: fewer may fit."] : []),
    ...(isSpread ? ["The pods must spread (DoNotSchedule), which is not looked at: fewer may fit."] : []),
    ...(priorityClassName === undefined
      ? []
      : [`Priority class ${priorityClassName} may drive others out, which is not counted on.`]),
  ];
}
