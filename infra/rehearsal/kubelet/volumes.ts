import type { Bytes } from "../../core/units.ts";
import type { ContainerSpec, KubePod, VolumeSpec } from "./pod-types.ts";
import { quantityValue } from "./quantity.ts";
import type { References } from "./references.ts";

/** /dev/shm of a container that mounts nothing there. */
const runtimeShm: Bytes = 64 * 2 ** 20;

/** Why a pod's volumes cannot be mounted, one message a volume, in the kubelet's words. Empty when all can. */
export async function mountProblems(pod: KubePod, references: References): Promise<string[]> {
  const problems: string[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const reason = await missingOf(volume, pod.metadata.namespace, references);
    if (reason !== undefined) problems.push(setUpFailed(volume.name, reason));
  }
  return problems;
}

/** The kubelet's text of a FailedMount event. */
export function setUpFailed(volume: string, reason: string): string {
  return `MountVolume.SetUp failed for volume "${volume}" : ${reason}`;
}

async function missingOf(volume: VolumeSpec, namespace: string, references: References): Promise<string | undefined> {
  if (volume.persistentVolumeClaim !== undefined) {
    const { claimName } = volume.persistentVolumeClaim;
    return (await references.hasClaim(namespace, claimName))
      ? undefined
      : `persistentvolumeclaim "${claimName}" not found`;
  }
  const secrets = volume.secret === undefined ? [] : [{ ...volume.secret, name: volume.secret.secretName }];
  const configMaps = volume.configMap === undefined ? [] : [volume.configMap];
  for (const source of volume.projected?.sources ?? []) {
    if (source.secret !== undefined) secrets.push({ ...source.secret, secretName: source.secret.name });
    if (source.configMap !== undefined) configMaps.push(source.configMap);
  }
  for (const { name, optional } of secrets) {
    if (optional !== true && (await references.secret(namespace, name)) === undefined)
      return `secret "${name}" not found`;
  }
  for (const { name, optional } of configMaps) {
    if (optional === true || (await references.configMap(namespace, name)) !== undefined) continue;
    return `configmap "${name}" not found`;
  }
  return undefined;
}

/** Size of /dev/shm in a container: of the memory volume that is mounted there, else what the runtime gives. */
export function shmBytes(container: ContainerSpec, volumes: readonly VolumeSpec[]): Bytes {
  const mount = container.volumeMounts?.find(({ mountPath }) => mountPath === "/dev/shm");
  const volume = volumes.find(({ name }) => name === mount?.name)?.emptyDir;
  if (volume?.medium !== "Memory") return runtimeShm;
  // Without a size of its own a memory volume may grow to the container's memory limit.
  return quantityValue(volume.sizeLimit ?? container.resources?.limits?.memory ?? "0") || runtimeShm;
}
