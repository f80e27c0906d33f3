import { goDuration, longer, pullBackoff } from "./backoff.ts";
import { cliArguments } from "./command-process.ts";
import type { KubeletContext } from "./context.ts";
import type { PodEvent } from "./events.ts";
import { type Script, simulated, usualPullSeconds } from "./faults.ts";
import { type ImageRef, imageId, parseImage, pullError } from "./image.ts";
import { toldSize } from "./node-images.ts";
import type { ContainerSpec, KubePod } from "./pod-types.ts";

export interface PullOptions {
  readonly pod: KubePod;
  readonly container: ContainerSpec;
  readonly script: Script;
  /** Whether the pod's image fault strikes this container. */
  readonly isFaulty: boolean;
  readonly context: KubeletContext;
  readonly signal: AbortSignal;
  /** Gets the waiting state while the image is not there. */
  readonly onWaiting: (reason: string, message: string) => void;
}

/**
 * Brings an image to the pod's node, or tries for ever, with the kubelet's states, events and back-off. Resolves with the
 * `imageID`; rejects when `signal` aborts.
 *
 * @see kubernetes 1.36 `pkg/kubelet/images/image_manager.go`
 */
export async function pullImage(options: PullOptions): Promise<string> {
  const { container, context, script, signal } = options;
  const image = container.image ?? "";
  let backoff = pullBackoff;
  for (;;) {
    const ref = parseImage(image);
    const failure = ref === undefined ? invalidName(options, image) : await attempt(options, ref);
    if (ref !== undefined && failure === undefined) return imageId(ref);
    // Neither a malformed name nor the policy Never is retried with a growing pause: each sync says it again.
    const isPull = failure?.reason === "ErrImagePull";
    if (isPull) {
      await context.clock.sleep(Math.min(1_000, simulated(script, 1)), signal);
      const text = `Back-off pulling image "${image}"`;
      told(options, { type: "Normal", reason: "BackOff", message: text });
      told(options, { type: "Warning", reason: "Failed", message: "Error: ImagePullBackOff" });
      options.onWaiting("ImagePullBackOff", `${text}: ErrImagePull: ${failure.message}`);
    }
    await context.clock.sleep(simulated(script, isPull ? backoff.seconds : 10), signal);
    backoff = longer(backoff);
  }
}

interface Failure {
  readonly reason: string;
  readonly message: string;
}

async function attempt(options: PullOptions, ref: ImageRef): Promise<Failure | undefined> {
  const { container, script, context, signal, pod } = options;
  const image = container.image ?? "";
  const policy = container.imagePullPolicy ?? "IfNotPresent";
  const fault = options.isFaulty ? script.kubeletFault?.name : undefined;
  const isImageFault = fault === "image-not-found" || fault === "image-unauthorized";
  // A fault strikes also where another pod has brought the image: it is the pod's script, not the node's.
  const node = pod.spec.nodeName ?? "";
  const isPresent = context.images.has(node, image) && !isImageFault;
  if (isPresent && policy !== "Always") {
    const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
    told(options, { type: "Normal", reason: "Pulled", message });
    return undefined;
  }
  if (policy === "Never") {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    told(options, { type: "Warning", reason: "ErrImageNeverPull", message });
    return failed(options, { reason: "ErrImageNeverPull", message });
  }
  told(options, { type: "Normal", reason: "Pulling", message: `Pulling image "${image}"` });
  if (isImageFault) {
    await context.clock.sleep(simulated(script, 1), signal);
    const message = pullError(fault, ref);
    told(options, { type: "Warning", reason: "Failed", message: `Failed to pull image "${image}": ${message}` });
    return failed(options, { reason: "ErrImagePull", message });
  }
  const seconds = isPresent ? 1 : isSmall(container) ? usualPullSeconds : script.pullSeconds;
  await context.clock.sleep(simulated(script, seconds), signal);
  void context.images.add(node, image);
  const took = goDuration(seconds);
  const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${toldSize} bytes.`;
  told(options, { type: "Normal", reason: "Pulled", message });
  return undefined;
}

/** The image with this project's command is small beside an engine's. */
function isSmall({ command = [], args = [] }: ContainerSpec): boolean {
  return cliArguments([...command, ...args]) !== undefined;
}

function invalidName(options: PullOptions, image: string): Failure {
  const cause = `couldn't parse image name "${image}": invalid reference format`;
  const message = `Failed to apply default image tag "${image}": ${cause}`;
  told(options, { type: "Warning", reason: "InspectFailed", message });
  return failed(options, { reason: "InvalidImageName", message });
}

function failed(options: PullOptions, failure: Failure): Failure {
  told(options, { type: "Warning", reason: "Failed", message: `Error: ${failure.reason}` });
  options.onWaiting(failure.reason, failure.message);
  return failure;
}

function told({ context, pod, container }: PullOptions, event: PodEvent): void {
  context.events(pod, { ...event, container: container.name });
}
