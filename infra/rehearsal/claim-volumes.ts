import type { ApiClient } from "../cluster/api-client.ts";
import { followObjects } from "../cluster/resources.ts";
import type { Clock } from "../core/clock.ts";

/** The part of a claim that its volume is made from. */
export interface VolumeClaim {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly spec: {
    readonly accessModes?: readonly string[];
    readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
    readonly storageClassName?: string;
    readonly volumeName?: string;
    readonly volumeMode?: string;
  };
}

export interface ClaimVolumesOptions {
  readonly api: ApiClient;
  readonly clock: Clock;
}

/** Makes a volume for every claim that has none, of whatever class: as a provisioner for all of them would, and at once. */
export class ClaimVolumes {
  readonly #options: ClaimVolumesOptions;
  readonly #end = new AbortController();
  #following: Promise<void> = Promise.resolve();

  constructor(options: ClaimVolumesOptions) {
    this.#options = options;
  }

  start(): void {
    const { api, clock } = this.#options;
    const { signal } = this.#end;
    const path = "/api/v1/persistentvolumeclaims";
    this.#following = followObjects<VolumeClaim>(api, { path, clock, signal }, (change) => {
      if (change.kind === "set" && change.object.spec.volumeName === undefined) void this.#make(change.object);
    });
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#following;
  }

  /** A volume that is there already is refused, and an API server that is away shows the claim again when it is back. */
  async #make(claim: VolumeClaim): Promise<void> {
    const request = { method: "POST", path: "/api/v1/persistentvolumes", body: volumeFor(claim) } as const;
    await this.#options.api.send(request, this.#end.signal).catch(() => undefined);
  }
}

/** The volume that a claim is bound to: all that it asks for, and nobody else's. What is in it outlives the claim. */
export function volumeFor({ metadata, spec }: VolumeClaim): object {
  const { name, namespace, uid } = metadata;
  const { accessModes, resources, storageClassName, volumeMode } = spec;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `pvc-${uid}` },
    spec: {
      accessModes,
      capacity: { storage: resources?.requests?.storage },
      claimRef: { namespace, name, uid },
      // For the reader: the kubelet's play keeps the folders of claims by their names.
      hostPath: { path: `/var/lib/keye-rehearsal/claims/${namespace}/${name}`, type: "DirectoryOrCreate" },
      persistentVolumeReclaimPolicy: "Retain",
      ...(storageClassName === undefined ? {} : { storageClassName }),
      ...(volumeMode === undefined ? {} : { volumeMode }),
    },
  };
}
