import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fieldOf, type Placement } from "./environment.ts";
import type { ContainerSpec, KeyPath, KubePod, ProjectedSource, VolumeSpec } from "./pod-types.ts";
import type { References } from "./references.ts";

/** A path inside a container and the real file or folder that stands for it. */
export interface Mount {
  readonly mountPath: string;
  readonly path: string;
}

/**
 * The real folders behind the volumes of simulated pods, below one root:
 *
 * - `pods/UID/VOLUME` for emptyDir, configMap, secret, downwardAPI, projected and whatever the rehearsal does not know
 * - `nodes/NODE/PATH` for hostPath: pods of one node share it
 * - `claims/NAMESPACE/CLAIM` for persistentVolumeClaim: pods of every node share it
 */
export class VolumeDirs {
  readonly #root: string;
  readonly #references: References;

  constructor(root: string, references: References) {
    this.#root = resolve(root);
    this.#references = references;
  }

  /** A folder for what a container writes outside its volumes; it goes with the pod. */
  scratch(pod: KubePod, container: string): string {
    const folder = join(this.#ofPod(pod), "scratch", container);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** Makes and fills the volumes that a container mounts. ConfigMaps and Secrets are read anew at each call. */
  async mountsOf(container: ContainerSpec, placement: Placement): Promise<readonly Mount[]> {
    const mounts: Mount[] = [];
    for (const { name, mountPath, subPath } of container.volumeMounts ?? []) {
      const volume = placement.pod.spec.volumes?.find((one) => one.name === name);
      if (volume === undefined) continue;
      const folder = await this.#folderOf(volume, placement);
      mounts.push({ mountPath, path: subPath === undefined ? folder : join(folder, subPath) });
    }
    return mounts;
  }

  /** Removes what only this pod has seen. */
  release(pod: KubePod): void {
    rmSync(this.#ofPod(pod), { recursive: true, force: true });
  }

  async #folderOf(volume: VolumeSpec, placement: Placement): Promise<string> {
    const { pod } = placement;
    const folder = this.#placeOf(volume, pod);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const files = await this.#filesOf(volume, placement);
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, text, { mode: 0o600 });
    }
    return folder;
  }

  #placeOf({ name, hostPath, persistentVolumeClaim: claim }: VolumeSpec, pod: KubePod): string {
    if (hostPath !== undefined) return join(this.#root, "nodes", pod.spec.nodeName ?? "", hostPath.path);
    if (claim !== undefined) return join(this.#root, "claims", pod.metadata.namespace, claim.claimName);
    return join(this.#ofPod(pod), "volumes", name);
  }

  async #filesOf(volume: VolumeSpec, placement: Placement): Promise<Record<string, string>> {
    const { configMap, secret, downwardAPI, projected } = volume;
    const sources: ProjectedSource[] = [
      ...(configMap === undefined ? [] : [{ configMap }]),
      ...(secret === undefined ? [] : [{ secret: { ...secret, name: secret.secretName } }]),
      ...(downwardAPI === undefined ? [] : [{ downwardAPI }]),
      ...(projected?.sources ?? []),
    ];
    const files: Record<string, string> = {};
    for (const source of sources) Object.assign(files, await this.#projected(source, placement));
    return files;
  }

  async #projected(source: ProjectedSource, placement: Placement): Promise<Record<string, string>> {
    const { namespace } = placement.pod.metadata;
    const { configMap, secret, serviceAccountToken: token, downwardAPI } = source;
    if (configMap !== undefined) {
      return chosen(await this.#references.configMap(namespace, configMap.name), configMap.items);
    }
    if (secret !== undefined) return chosen(await this.#references.secret(namespace, secret.name), secret.items);
    if (token !== undefined) return { [token.path]: await this.#references.token(placement.pod, token) };
    const fields = downwardAPI?.items ?? [];
    return Object.fromEntries(
      fields.map(({ path, fieldRef }) => [path, fieldOf(fieldRef?.fieldPath ?? "", placement)]),
    );
  }

  #ofPod({ metadata }: KubePod): string {
    return join(this.#root, "pods", metadata.uid);
  }
}

/** All keys as files of their names, or those that are asked for, under the paths asked for. */
function chosen(
  values: Readonly<Record<string, string>> | undefined,
  items: readonly KeyPath[] | undefined,
): Record<string, string> {
  if (values === undefined) return {};
  if (items === undefined) return { ...values };
  return Object.fromEntries(
    items.flatMap(({ key, path }) => (values[key] === undefined ? [] : [[path, values[key]] as const])),
  );
}

/**
 * A text with every path of a container replaced by the real one behind it: a whole word, or what follows `=`, `:`, `,` or
 * a blank. Longer mount paths win, and what has been put in is not looked at again.
 */
export function onHost(text: string, mounts: readonly Mount[]): string {
  if (mounts.length === 0) return text;
  const known = new Map(mounts.map(({ mountPath, path }) => [mountPath.replace(/\/+$/, ""), path]));
  const paths = [...known.keys()]
    .sort((a, b) => b.length - a.length)
    .map((one) => one.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const path = new RegExp(`(?<=^|[=:,\\s"']|file://)(?:${paths.join("|")})(?=$|[/:,\\s"'])`, "g");
  return text.replace(path, (found) => known.get(found) ?? found);
}
