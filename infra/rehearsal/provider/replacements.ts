import type { JsonObject } from "./json.ts";
import { groupOf, kindOf, type ObjectKind } from "./kind.ts";
import type { PropertyPath } from "./property-path.ts";

/** Which changes of an object need a new object, because the API server refuses to change the field. */
export interface ReplacementRule {
  /** A change at or inside one of these replaces… */
  readonly replace: readonly PropertyPath[];
  /** …unless it is inside one of these. */
  readonly except: readonly PropertyPath[];
}

/** Provider settings that make data changes of these kinds an update in place. */
export interface MutableData {
  readonly configMaps: boolean;
  readonly secrets: boolean;
}

interface KindRule {
  readonly replace: readonly string[];
  readonly except?: readonly string[];
}

const job = ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"];
const statefulSet = [
  "spec.podManagementPolicy",
  "spec.revisionHistoryLimit",
  "spec.selector",
  "spec.serviceName",
  "spec.volumeClaimTemplates",
];
const mutableVolumeFields = [
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
];

/**
 * By API group and kind, whatever the version; dotted paths of the object.
 *
 * The same fields as the official provider (`provider/pkg/provider/diff.go`, v4.32), except that a claim's storage
 * request grows in place.
 */
const rules: Readonly<Record<string, KindRule>> = {
  "/ConfigMap": { replace: ["binaryData", "data"] },
  "/PersistentVolume": { replace: ["spec"], except: mutableVolumeFields.map((field) => `spec.${field}`) },
  "/PersistentVolumeClaim": { replace: ["spec"], except: ["spec.resources.requests"] },
  "/Pod": { replace: ["spec"], except: ["spec.activeDeadlineSeconds", "spec.tolerations"] },
  "/ResourceQuota": { replace: ["spec.scopes"] },
  "/Secret": { replace: ["data", "stringData", "type"] },
  "/Service": { replace: ["spec.clusterIP"] },
  "apps/DaemonSet": { replace: ["spec.selector"] },
  "apps/Deployment": { replace: ["spec.selector"] },
  "apps/StatefulSet": { replace: statefulSet },
  "batch/Job": { replace: job },
  "rbac.authorization.k8s.io/ClusterRoleBinding": { replace: ["roleRef"] },
  "rbac.authorization.k8s.io/RoleBinding": { replace: ["roleRef"] },
  "storage.k8s.io/StorageClass": { replace: ["parameters", "provisioner"] },
};

const identity = ["metadata.name", "metadata.namespace", "kind"];

/** The rule for a change from `olds` to `news`. A patch is only ever replaced when it is to patch another object. */
export function replacementRule(
  change: { readonly olds: JsonObject; readonly news: JsonObject },
  isPatch: boolean,
  mutable: MutableData,
): ReplacementRule {
  const from = kindOf(change.olds);
  const to = kindOf(change.news);
  const moved = groupOf(from.apiVersion) === groupOf(to.apiVersion) ? [] : ["apiVersion"];
  const rule =
    isPatch || isMutable(to, change.news, mutable) ? undefined : rules[`${groupOf(to.apiVersion)}/${to.kind}`];
  return {
    replace: [...identity, ...moved, ...(rule?.replace ?? [])].map(steps),
    except: (rule?.except ?? []).map(steps),
  };
}

function isMutable(kind: ObjectKind, news: JsonObject, mutable: MutableData): boolean {
  if (kind.apiVersion !== "v1" || news.immutable === true) return false;
  return (kind.kind === "ConfigMap" && mutable.configMaps) || (kind.kind === "Secret" && mutable.secrets);
}

function steps(dotted: string): PropertyPath {
  return dotted.split(".");
}
