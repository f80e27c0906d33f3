import { type Json, type JsonObject, listAt, numberAt, objectAt, textAt, valueAt } from "./json.ts";
import { kindOf } from "./kind.ts";

/** Whether an object does what it is for. `failed` never becomes ready by waiting. */
export type Readiness = { readonly kind: "ready" } | { readonly kind: "waiting" | "failed"; readonly reason: string };

/** Objects beside the awaited one that decide whether it is ready. */
export interface Surroundings {
  /** EndpointSlices of a Service. */
  readonly endpointSlices: readonly Json[];
  /** `volumeBindingMode` of a claim's storage class; empty where it has none. */
  readonly volumeBindingMode: string;
}

const ready: Readiness = { kind: "ready" };

type Rule = (live: JsonObject, surroundings: Surroundings) => Readiness;

const rules: Readonly<Record<string, Rule>> = {
  "apps/v1/Deployment": deployment,
  "apps/v1/StatefulSet": statefulSet,
  "apps/v1/DaemonSet": daemonSet,
  "batch/v1/Job": job,
  "v1/Pod": pod,
  "v1/Service": service,
  "v1/PersistentVolumeClaim": claim,
  "v1/Namespace": namespace,
  "apiextensions.k8s.io/v1/CustomResourceDefinition": definition,
};

/** Whether the provider knows when objects of this kind are ready; the others are as soon as they exist. */
export function hasReadiness(object: JsonObject): boolean {
  return ruleOf(object) !== undefined;
}

/** Judges a live object. Pure: the same objects give the same answer. */
export function readinessOf(live: JsonObject, surroundings: Surroundings): Readiness {
  return ruleOf(live)?.(live, surroundings) ?? ready;
}

function ruleOf(object: JsonObject): Rule | undefined {
  const { apiVersion, kind } = kindOf(object);
  return rules[`${apiVersion}/${kind}`];
}

function deployment(live: JsonObject): Readiness {
  const wanted = wantedReplicas(live);
  if (wanted === 0) return ready;
  const stale = stalenessOf(live);
  if (stale !== undefined) return stale;
  const status = objectAt(live, "status");
  const updated = numberAt(status, "updatedReplicas");
  const available = numberAt(status, "availableReplicas");
  if (updated < wanted) return waiting(`${updated} of ${wanted} pods are of the new template`);
  const old = numberAt(status, "replicas") - updated;
  if (old > 0) return waiting(`${old} pods of the old template still run`);
  if (available >= wanted && textAt(condition(live, "Available"), "status") === "True") return ready;
  const progressing = condition(live, "Progressing");
  const late = textAt(progressing, "status") === "False" ? `; ${textAt(progressing, "message")}` : "";
  return waiting(`${available} of ${wanted} pods are available${late}`);
}

function statefulSet(live: JsonObject): Readiness {
  const wanted = wantedReplicas(live);
  const stale = stalenessOf(live);
  if (stale !== undefined) return stale;
  const status = objectAt(live, "status");
  const readyReplicas = numberAt(status, "readyReplicas");
  if (readyReplicas < wanted) return waiting(`${readyReplicas} of ${wanted} pods are ready`);
  const isRolling = textAt(live, "spec", "updateStrategy", "type") !== "OnDelete";
  const updated = numberAt(status, "updatedReplicas");
  if (isRolling && updated < wanted) return waiting(`${updated} of ${wanted} pods are of the new template`);
  return ready;
}

function daemonSet(live: JsonObject): Readiness {
  const stale = stalenessOf(live);
  if (stale !== undefined) return stale;
  const status = objectAt(live, "status");
  const wanted = numberAt(status, "desiredNumberScheduled");
  const updated = numberAt(status, "updatedNumberScheduled");
  const available = numberAt(status, "numberAvailable");
  if (textAt(live, "spec", "updateStrategy", "type") !== "OnDelete" && updated < wanted) {
    return waiting(`${updated} of ${wanted} pods are of the new template`);
  }
  return available >= wanted ? ready : waiting(`${available} of ${wanted} pods are available`);
}

/** A Job that failed by its pod failure policy is not seen as failed by the official provider: it waits for the deadline. */
const hopelessReasons = ["BackoffLimitExceeded", "DeadlineExceeded"];

function job(live: JsonObject): Readiness {
  if (textAt(condition(live, "Complete"), "status") === "True") return ready;
  const failure = condition(live, "Failed");
  const reason = textAt(failure, "reason");
  if (textAt(failure, "status") === "True" && hopelessReasons.includes(reason)) {
    return { kind: "failed", reason: `the Job failed: ${reason}: ${textAt(failure, "message")}` };
  }
  const { active, succeeded, failed } = countsOf(live);
  return waiting(`the Job is not complete: ${active} active, ${succeeded} succeeded, ${failed} failed`);
}

function countsOf(live: JsonObject) {
  const status = objectAt(live, "status");
  return {
    active: numberAt(status, "active"),
    succeeded: numberAt(status, "succeeded"),
    failed: numberAt(status, "failed"),
  };
}

function pod(live: JsonObject): Readiness {
  const phase = textAt(live, "status", "phase");
  if (phase === "Succeeded") return ready;
  const found = condition(live, "Ready");
  if (textAt(found, "status") === "True") return ready;
  return waiting(`the pod is ${phase || "Pending"}, not ready: ${textAt(found, "message") || "no reason given"}`);
}

/** Selector-less, ExternalName and headless Services have nothing to wait for. */
function service(live: JsonObject, surroundings: Surroundings): Readiness {
  const spec = objectAt(live, "spec");
  if (Object.keys(objectAt(spec, "selector")).length === 0) return ready;
  if (textAt(spec, "type") === "ExternalName" || textAt(spec, "clusterIP") === "None") return ready;
  const endpoints = surroundings.endpointSlices.flatMap((slice) => listAt(slice, "endpoints"));
  const unready = endpoints.filter((endpoint) => valueAt(endpoint, ["conditions", "ready"]) === false).length;
  if (endpoints.length === 0) return waiting("the Service selects no pods");
  if (unready > 0) return waiting(`${unready} of ${endpoints.length} endpoints are not ready`);
  if (textAt(spec, "type") === "LoadBalancer" && listAt(live, "status", "loadBalancer", "ingress").length === 0) {
    return waiting("the load balancer has no address");
  }
  return ready;
}

function claim(live: JsonObject, surroundings: Surroundings): Readiness {
  const phase = textAt(live, "status", "phase");
  if (phase === "Bound" || surroundings.volumeBindingMode === "WaitForFirstConsumer") return ready;
  return waiting(`the claim is ${phase || "Pending"}, not Bound`);
}

function namespace(live: JsonObject): Readiness {
  const phase = textAt(live, "status", "phase");
  return phase === "Active" ? ready : waiting(`the namespace is ${phase || "not there yet"}`);
}

function definition(live: JsonObject): Readiness {
  if (textAt(condition(live, "Established"), "status") === "True") return ready;
  return waiting("the API server does not serve the new kind yet");
}

function wantedReplicas(live: JsonObject): number {
  const replicas = valueAt(live, ["spec", "replicas"]);
  return typeof replicas === "number" ? replicas : 1;
}

function stalenessOf(live: JsonObject): Readiness | undefined {
  const generation = numberAt(live, "metadata", "generation");
  const observed = numberAt(live, "status", "observedGeneration");
  return observed < generation ? waiting("the controller has not seen the change yet") : undefined;
}

function condition(live: JsonObject, type: string): Json | undefined {
  return listAt(live, "status", "conditions").find((item) => textAt(item, "type") === type);
}

function waiting(reason: string): Readiness {
  return { kind: "waiting", reason };
}
