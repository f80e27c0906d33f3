import type { ContainerState, ContainerTermination } from "../../status/objects.ts";
import type { ContainerSpec } from "./pod-types.ts";

/** What a kubelet knows of one container; its worker changes it, the pod's status is written from it. */
export interface ContainerView {
  readonly spec: ContainerSpec;
  readonly isInit: boolean;
  imageID: string;
  /** `containerd://…` of the present or last instance; empty before the first. */
  containerID: string;
  state: ContainerState;
  lastState: ContainerTermination | undefined;
  restartCount: number;
  isStarted: boolean;
  isReady: boolean;
}

export function newView(spec: ContainerSpec, isInit: boolean, waiting: string): ContainerView {
  return {
    spec,
    isInit,
    imageID: "",
    containerID: "",
    state: { waiting: { reason: waiting } },
    lastState: undefined,
    restartCount: 0,
    isStarted: false,
    isReady: false,
  };
}

/** Has ended and will not run again. */
export function isDone(view: ContainerView): boolean {
  return view.state.terminated !== undefined;
}
