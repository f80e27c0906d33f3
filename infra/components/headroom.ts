import * as pulumi from "@pulumi/pulumi";
import { DeployError } from "../core/errors.ts";
import type { KubernetesObject } from "../core/kubernetes-object.ts";
import { revisionName } from "../core/names.ts";
import type { PinnedStack } from "../spec/pinned-stack.ts";
import { podSpecOf, revisionOf } from "../spec/revision.ts";
import { planHeadroom } from "./cluster.ts";

/**
 * The settings with the strategy that will be carried out in place of `auto`, once the cluster has been found to have room
 * for it. Prints what holds the GPUs and what each strategy would come to. Throws `E_CAPACITY`, in the words of the
 * promotion's own preflight; never for a revision that serves already.
 */
export async function withStrategy(config: PinnedStack, objects: readonly KubernetesObject[]): Promise<PinnedStack> {
  const revision = revisionOf(objects);
  const plan = await planHeadroom(config, { revision, podSpec: podSpecOf(objects) });
  await pulumi.log.info(plan.lines.join("\n"));
  const where = `${config.namespace}/${revisionName(config.name, revision)}`;
  if (plan.refusal !== undefined) {
    const { message, hint } = plan.refusal;
    if (config.rollout.strategy !== "auto" || plan.choice === undefined) {
      throw new DeployError({ code: "E_CAPACITY", where, message, hint });
    }
    throw new DeployError({
      code: "E_CAPACITY",
      where,
      message: `auto comes to ${plan.choice}, which this version does not carry out: ${plan.because}.`,
      hint,
    });
  }
  return { ...config, rollout: { ...config.rollout, strategy: "blueGreen" } };
}
