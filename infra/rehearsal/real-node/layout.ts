import { join } from "node:path";

/** Where the files of one real node are, all inside its folder. */
export interface RealNodeLayout {
  readonly dir: string;
  /** One log a program. */
  readonly logs: string;
  /** Folders that the kubelet makes, one a pod, with one file a container instance. */
  readonly podLogs: string;
  /** Written by the node's first process once its mounts are there. */
  readonly ready: string;
  readonly containerdConfig: string;
  /** Images, snapshots and content of containerd. */
  readonly images: string;
  readonly cni: string;
  readonly kubeletConfig: string;
  /** Volumes of pods. */
  readonly kubelet: string;
  readonly certificates: string;
  readonly pauseImage: string;
}

export function realNodeLayout(dir: string): RealNodeLayout {
  return {
    dir,
    logs: join(dir, "logs"),
    podLogs: join(dir, "logs", "pods"),
    ready: join(dir, "ready"),
    containerdConfig: join(dir, "containerd.toml"),
    images: join(dir, "containerd"),
    cni: join(dir, "cni"),
    kubeletConfig: join(dir, "kubelet.yaml"),
    kubelet: join(dir, "kubelet"),
    certificates: join(dir, "certificates"),
    pauseImage: join(dir, "pause-image"),
  };
}

/** Everything in the folder but the logs. */
export function leftoversOf({ dir: _dir, logs: _logs, podLogs: _podLogs, ...rest }: RealNodeLayout): readonly string[] {
  return Object.values(rest);
}
