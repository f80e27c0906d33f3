import * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject } from "../core/kubernetes-object.ts";
import { candidateServiceName } from "../core/names.ts";
import type { KeptRevision } from "../core/revisions.ts";
import { registerKept } from "./kept-revisions.ts";
import { registerObject } from "./registered-kinds.ts";
import { deletedInBackground, unawaited } from "./unawaited.ts";

export interface ModelServerArgs {
  readonly app: string;
  readonly namespace: string;
  /** Every object of the rendered chart. */
  readonly objects: readonly KubernetesObject[];
  /** Earlier revisions that stay as they are. */
  readonly kept: readonly KeptRevision[];
}

/**
 * The engine of one revision and the Services that lead to it, and what is kept of earlier ones. It brings no traffic and no
 * replicas: the revision's workload waits at zero, and the live Service is created selecting nothing, until a promotion
 * scales and switches.
 */
export class ModelServer extends pulumi.ComponentResource {
  constructor(name: string, args: ModelServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("keye-stack:serving:ModelServer", name, {}, opts);
    for (const object of args.objects) {
      const role = roleOf(object, args.app);
      registerObject(role.mark(object), { parent: this, ...role.options });
    }
    registerKept(args.kept, args.namespace, this);
    this.registerOutputs({});
  }
}

interface Role {
  /** Says in the object how the provider makes and deletes it. */
  readonly mark: (object: KubernetesObject) => KubernetesObject;
  readonly options: pulumi.CustomResourceOptions;
}

function roleOf(object: KubernetesObject, app: string): Role {
  const { kind, metadata } = object;
  // The promotion waits, with better diagnoses; and a retired revision may drain for longer than anybody wants to watch.
  if (kind === "Deployment" || kind === "LeaderWorkerSet") {
    const mark = (workload: KubernetesObject) => deletedInBackground(unawaited(workload));
    return { mark, options: { ignoreChanges: ["spec.replicas"] } };
  }
  if (kind === "Service" && metadata.name === app) {
    return { mark: unawaited, options: { protect: true, ignoreChanges: ["spec.selector"] } };
  }
  // Waiting for endpoints would wait for pods that only the promotion starts.
  if (kind === "Service" && metadata.name === candidateServiceName(app)) return { mark: unawaited, options: {} };
  return { mark: (other) => other, options: {} };
}
