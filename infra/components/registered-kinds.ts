import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { Job } from "@pulumi/kubernetes/batch/v1/job.js";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount.js";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy.js";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget.js";
import { Role } from "@pulumi/kubernetes/rbac/v1/role.js";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding.js";
import type * as pulumi from "@pulumi/pulumi";
import { DeployError } from "../core/errors.ts";
import type { KubernetesObject } from "../core/kubernetes-object.ts";

/** Any of the SDK's classes: what they have in common, whatever their arguments. */
type ResourceClass = new (name: string, args: never, opts: pulumi.CustomResourceOptions) => pulumi.CustomResource;

/** The resource class of each kind that the chart or `spec/` describes for a stack. Imported file by file: the rest of the SDK is not loaded. */
const classes: Readonly<Record<string, ResourceClass>> = {
  "apps/v1/Deployment": Deployment,
  "batch/v1/Job": Job,
  "leaderworkerset.x-k8s.io/v1/LeaderWorkerSet": CustomResource,
  "v1/ConfigMap": ConfigMap,
  "v1/PersistentVolumeClaim": PersistentVolumeClaim,
  "v1/Service": Service,
  "v1/ServiceAccount": ServiceAccount,
  "networking.k8s.io/v1/NetworkPolicy": NetworkPolicy,
  "policy/v1/PodDisruptionBudget": PodDisruptionBudget,
  "rbac.authorization.k8s.io/v1/Role": Role,
  "rbac.authorization.k8s.io/v1/RoleBinding": RoleBinding,
};

/** Registers an object under its own name. Throws `ENV_HELM` for a kind that is not listed above. */
export function registerObject(object: KubernetesObject, opts: pulumi.CustomResourceOptions): pulumi.CustomResource {
  const kind = `${object.apiVersion}/${object.kind}`;
  const Class = classes[kind];
  if (Class === undefined) {
    throw new DeployError({
      code: "ENV_HELM",
      where: `${kind} ${object.metadata.name}`,
      message: `The chart rendered a kind that is not registered; known are ${Object.keys(classes).join(", ")}.`,
      hint: "Add its class to infra/components/registered-kinds.ts.",
    });
  }
  // The class was found by the object's own apiVersion and kind; the API server checks the rest in preview and update.
  return new Class(object.metadata.name, object as never, opts);
}
