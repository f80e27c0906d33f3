import { setTimeout as pause } from "node:timers/promises";
import { revisionLabel, revisionName } from "../../infra/core/names.ts";
import { gpuPlaceholder, othersNamespace } from "../../infra/rehearsal/copy/placeholder.ts";
import type { Victims } from "../../test/support/pulumi-processes.ts";
import { type Act, podsOf, type Scene, type Strike } from "./scene.ts";

const merge = "application/merge-patch+json";
const service = "/api/v1/namespaces/keye/services/keye";
const admission = "/apis/admissionregistration.k8s.io/v1";

/** Ends processes of the update with SIGKILL. */
export function kill(victims: Victims): Strike {
  return async (_scene, processes) => processes.send("SIGKILL", victims);
}

/** Somebody edits the live Service's selector. */
export function select(revision: string): Act {
  const body = { spec: { selector: { [revisionLabel]: revision } } };
  return ({ stack }) => stack.cluster.call({ method: "PATCH", path: service, contentType: merge, body });
}

/** An autoscaler or a person scales a revision's Deployment. */
export function scale(which: "old" | "candidate", replicas: number): Act {
  return async (scene) => {
    const revision = which === "old" ? scene.old : await candidateOf(scene);
    const path = `/apis/apps/v1/namespaces/keye/deployments/${revisionName("keye", revision ?? "")}/scale`;
    await scene.stack.cluster.call({ method: "PATCH", path, contentType: merge, body: { spec: { replicas } } });
  };
}

/** Deletes one pod, as a person or a drain of its node does. */
export function deletePod(which: "old" | "candidate"): Act {
  return async (scene) => {
    const [pod] = await podsOf(scene, which);
    if (pod === undefined) throw new Error(`there is no pod of the ${which} revision`);
    await scene.stack.cluster.call({ method: "DELETE", path: `/api/v1/namespaces/keye/pods/${pod.metadata.name}` });
  };
}

/** Takes the API server away and brings it back after so many seconds. */
export function restartApiserver(seconds: number): Act {
  return async ({ stack }) => {
    await stack.cluster.rehearsal.pauseApiserver();
    await pause(seconds * 1000);
    await stack.cluster.rehearsal.resumeApiserver();
  };
}

/** Marks every node with GPUs as not schedulable, or schedulable again. */
export function cordon(isClosed: boolean): Act {
  return async ({ stack }) => {
    for (const name of await gpuNodes(stack)) {
      const path = `/api/v1/nodes/${name}`;
      await stack.cluster.call({
        method: "PATCH",
        path,
        contentType: merge,
        body: { spec: { unschedulable: isClosed } },
      });
    }
  };
}

/** Other people's pods hold every GPU that the app leaves. */
export const holdSpareGpus: Act = async ({ stack }) => {
  const { cluster } = stack;
  await cluster.createNamespace(othersNamespace).catch(() => undefined);
  const pods = await cluster.pods("keye");
  for (const node of await gpuNodes(stack)) {
    const engines = pods.filter(
      ({ metadata, spec }) => spec?.nodeName === node && revisionLabel in (metadata.labels ?? {}),
    );
    const held = engines.length * 2;
    await cluster.create([
      `/api/v1/namespaces/${othersNamespace}/pods`,
      gpuPlaceholder(`holds-${node}`, node, 8 - held),
    ]);
  }
};

/** They are gone again. */
export const freeSpareGpus: Act = async ({ stack }) => {
  const query = { gracePeriodSeconds: 0 };
  await stack.cluster.call({ method: "DELETE", path: `/api/v1/namespaces/${othersNamespace}/pods`, query });
};

/** An admission policy refuses the candidate's pods, so that none ever appears. */
export const refusePods: Act = async ({ stack, number }) => {
  const name = `refuse-${number}`;
  const isCandidate = `object.spec.containers.exists(c, has(c.args) && c.args.exists(a, a.endsWith('max-running-requests=${number}')))`;
  const rules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }];
  await stack.cluster.create(
    [
      `${admission}/validatingadmissionpolicies`,
      {
        metadata: { name },
        spec: {
          failurePolicy: "Fail",
          matchConstraints: { resourceRules: rules },
          validations: [{ expression: `!(${isCandidate})`, message: "exceeded quota: gpus of the team" }],
        },
      },
    ],
    [
      `${admission}/validatingadmissionpolicybindings`,
      { metadata: { name }, spec: { policyName: name, validationActions: ["Deny"] } },
    ],
  );
  // The API server takes up a policy within seconds.
  await pause(3_000);
};

/** The policy is gone again. */
export const acceptPods: Act = async ({ stack, number }) => {
  for (const plural of ["validatingadmissionpolicybindings", "validatingadmissionpolicies"]) {
    await stack.cluster.call({ method: "DELETE", path: `${admission}/${plural}/refuse-${number}` });
  }
  await pause(3_000);
};

/** A quota lets no further Deployment be made. */
export const refuseDeployments: Act = async ({ stack }) => {
  const body = { metadata: { name: "no-more" }, spec: { hard: { "count/deployments.apps": "0" } } };
  await stack.cluster.create(["/api/v1/namespaces/keye/resourcequotas", body]);
  await pause(1_000);
};

/** The quota is gone again. */
export const acceptDeployments: Act = async ({ stack }) => {
  await stack.cluster.call({ method: "DELETE", path: "/api/v1/namespaces/keye/resourcequotas/no-more" });
};

/** Cuts every way from the prober to the candidate's pods until `signal` aborts: their ports are no longer led to them. */
export async function cutPortForwards(scene: Scene, signal: AbortSignal): Promise<void> {
  const { cluster } = scene.stack;
  while (!signal.aborted) {
    for (const { metadata } of await podsOf(scene, "candidate").catch(() => [])) {
      const path = `/apis/kwok.x-k8s.io/v1alpha1/namespaces/keye/portforwards/${metadata.name}`;
      await cluster.rehearsal.api.send({ method: "DELETE", path }, cluster.signal).catch(() => undefined);
    }
    await pause(150);
  }
}

/** Undoes what makes the second `pulumi` of a stack wait for the first: its lock. */
export async function forgetLock({ stack }: Scene): Promise<void> {
  const { exitCode, output } = await stack.pulumi(["cancel", "--yes"]);
  if (exitCode !== 0) throw new Error(output);
}

/** A second update while the first runs: the stack's lock refuses it; where somebody has taken that away, the Lease does. */
export const secondRunner: Act = async (scene) => {
  const { stack, candidate } = scene;
  const beside = await stack.up(candidate);
  if (!/locked by|currently locked/.test(beside.output)) throw new Error(`a second update ran:\n${beside.output}`);
  await forgetLock(scene);
  const besides = await stack.up(candidate);
  if (!besides.output.includes("E_LOCKED")) throw new Error(`a second promotion ran:\n${besides.output}`);
};

async function candidateOf(scene: Scene): Promise<string> {
  const [pod] = await podsOf(scene, "candidate");
  return pod?.metadata.labels?.[revisionLabel] ?? "";
}

async function gpuNodes({ cluster }: Scene["stack"]): Promise<readonly string[]> {
  const query = { labelSelector: "nvidia.com/gpu.present" };
  const path = "/api/v1/nodes";
  const { items } = await cluster.call<{ items: { metadata: { name: string } }[] }>({ method: "GET", path, query });
  return items.map(({ metadata }) => metadata.name);
}
