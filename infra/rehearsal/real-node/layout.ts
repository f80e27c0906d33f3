import { join } from "node:path";

/** Where the files of one real node are, all inside its folder. */
export interface RealNodeLayout {
  readonly dir: string;
  /** One log a program. */
  readonly logs: string;
  /** Folders that the kubelet makes, one a pod, with one file a container instance. */
  readonly podLogs: string;
  /** Everything else: what is removed when the node ends. */
  readonly state: string;
  /** Written by the node's first process once its mounts are there. */
  readonly ready: string;
  readonly containerdConfig: string;
  /** Images, snapshots and content of containerd. */
  readonly images: string;
  /** A folder for each container, named by its id: made and removed by containerd. */
  readonly tasks: string;
  readonly cni: string;
  readonly kubeletConfig: string;
  /** Volumes of pods. */
  readonly kubelet: string;
  readonly certificates: string;
  /** Where the pause image is made. */
  readonly pause: string;
}

export function realNodeLayout(dir: string): RealNodeLayout {
  const state = join(dir, "state");
  return {
    dir,
    logs: join(dir, "logs"),
    podLogs: join(dir, "logs", "pods"),
    state,
    ready: join(state, "ready"),
    containerdConfig: join(state, "containerd.toml"),
    images: join(state, "containerd"),
    tasks: join(state, "containerd", "io.containerd.runtime.v2.task", "k8s.io"),
    cni: join(state, "cni"),
    kubeletConfig: join(state, "kubelet.yaml"),
    kubelet: join(state, "kubelet"),
    certificates: join(state, "certificates"),
    pause: join(state, "pause"),
  };
}
