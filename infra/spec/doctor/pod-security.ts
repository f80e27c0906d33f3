import type { StackConfig } from "../../config/stack-config.ts";

/** Levels of the Pod Security Standards, the strictest first: a pod that needs one is refused under those before it. */
export const securityLevels = ["restricted", "baseline", "privileged"] as const;

/** One of {@link securityLevels}. */
export type SecurityLevel = (typeof securityLevels)[number];

/** What one kind of pod of the stack needs. */
export interface SecuredPods {
  readonly pods: string;
  readonly level: SecurityLevel;
  readonly because: string;
  /** Whether a rollout waits for them. */
  readonly isOnTheWay: boolean;
}

/**
 * The strictest level under which each kind of pod is let in.
 * @see kubernetes.io/docs/concepts/security/pod-security-standards: baseline forbids hostPath and Unconfined, restricted
 * wants runAsNonRoot
 */
export function securedPods({ model, engine, image, supply }: StackConfig): readonly SecuredPods[] {
  const paths = [
    ...(model.volume?.kind === "hostPath" ? ["model.volume"] : []),
    ...(engine.cacheVolume?.kind === "hostPath" ? ["engine.cacheVolume"] : []),
  ];
  const hostPath = `mount a folder of the node (${paths.join(", ")} hostPath)`;
  return [
    paths.length > 0
      ? { pods: "the engine's pods", level: "privileged", because: `they ${hostPath}`, isOnTheWay: true }
      : { pods: "the engine's pods", level: "baseline", because: "the image runs as root", isOnTheWay: true },
    ...(model.weights === undefined ? [] : [hydration(model.volume?.kind === "hostPath")]),
    ...(supply.prePull
      ? [
          {
            pods: "the Jobs that pull the image",
            level: "restricted",
            because: "they do nothing",
            isOnTheWay: true,
          } as const,
        ]
      : []),
    ...(image.kind === "source"
      ? [
          {
            pods: "the build's pods",
            level: "privileged",
            because: "rootless BuildKit runs with seccomp and AppArmor Unconfined",
            isOnTheWay: false,
          } as const,
        ]
      : []),
  ];
}

function hydration(isHostPath: boolean): SecuredPods {
  const pods = "the Jobs that fetch the weights";
  return isHostPath
    ? {
        pods,
        level: "privileged",
        because: "they mount a folder of the node (model.volume hostPath)",
        isOnTheWay: true,
      }
    : { pods, level: "restricted", because: "they run as nobody", isOnTheWay: true };
}
