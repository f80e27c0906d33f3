import * as pulumi from "@pulumi/pulumi";
import { phaseBudgets } from "../config/phase-budgets.ts";
import { DeployError } from "../core/errors.ts";
import type { KubernetesObject } from "../core/kubernetes-object.ts";
import { revisionName } from "../core/names.ts";
import type { PinnedStack } from "../spec/pinned-stack.ts";
import { podSpecOf, revisionOf } from "../spec/revision.ts";
import { planHeadroom } from "./cluster.ts";

/**
 * The settings with the strategy that will be carried out in place of `auto`, once the cluster has been found to have room
 * for it. Prints what holds the GPUs and what each strategy would come to, and warns of an outage. Throws `E_CAPACITY`, in
 * the words of the promotion's own preflight; never for a revision that serves already.
 */
export async function withStrategy(config: PinnedStack, objects: readonly KubernetesObject[]): Promise<PinnedStack> {
  const revision = revisionOf(objects);
  const plan = await planHeadroom(config, { revision, podSpec: podSpecOf(objects) });
  await pulumi.log.info(plan.lines.join("\n"));
  const { strategy: wanted } = config.rollout;
  const strategy = wanted === "auto" ? (plan.choice ?? "blueGreen") : wanted;
  const refusal = plan.refusals[strategy];
  if (refusal !== undefined) {
    throw new DeployError({
      code: "E_CAPACITY",
      where: `${config.namespace}/${revisionName(config.name, revision)}`,
      ...refusal,
    });
  }
  if (strategy === "recreate" && plan.isReplacing) {
    const why = wanted === "auto" ? `auto comes to recreate: ${plan.because}.` : "";
    for (const warning of outageWarnings(config, why)) await pulumi.log.warn(warning);
  }
  return { ...config, rollout: { ...config.rollout, strategy } };
}

function outageWarnings(config: PinnedStack, why: string): readonly string[] {
  const { terminationGraceSeconds } = config.engine;
  const { load, jit, graphs, "warm-up": warmUp, probe } = phaseBudgets(config);
  const start = load + jit + graphs + warmUp;
  const outage = [
    why,
    "OUTAGE: nobody serves from when the old revision goes until the new one is proven.",
    `The budgets allow ${terminationGraceSeconds} s for requests that still run, ${start} s for the start (of which ${jit} s only where kernels must be compiled) and ${probe} s for the probes; as long again if the new one fails and the old one comes back.`,
  ];
  const watchdog =
    "No watchdog, for toolsImage is not set: if this run dies during the outage, nobody serves until the next pulumi up.";
  return [outage.filter((part) => part !== "").join(" "), ...(config.toolsImage === undefined ? [watchdog] : [])];
}
