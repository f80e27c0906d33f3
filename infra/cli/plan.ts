import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { recommend } from "../spec/memory/recommend.ts";
import { type Judged, judge } from "../spec/memory/verdict.ts";
import type { Command, CommandWorld } from "./command.ts";
import { type PlanOrder, readPlanOrder } from "./plan-flags.ts";
import { assumptionsOf, planText } from "./plan-text.ts";

/** `keye plan`: whether the model fits on the GPUs, and with which arguments. */
export const plan: Command = {
  help: `keye plan [--stack-file FILE] [--gpu GPU] [--tp N,N] [--mem-fraction F..F] [--json]

Computes where the memory of each GPU goes, and says fits, tight or cannot load for every number of GPUs and every memory
fraction, with the reason, what to turn which way, and what is recommended. No cluster and no GPU is asked. What the numbers
rest on is printed below them; docs/planner.md explains it.

  --stack-file FILE           plans the settings of one stack, such as Pulumi.prod.yaml, on the smallest GPU it accepts
  --config-json FILE          the config.json of the checkpoint, in place of what is known of Keye-VL-2.0-30B-A3B
  --gpu GPU                   H800 (default), H100, H100-NVL, H20, H200, or MiB as the label nvidia.com/gpu.memory has it
  --tp N,N                    GPUs of one replica (default 1,2,4,8; with --stack-file that of the stack)
  --mem-fraction F            such as 0.8, or 0.75,0.8, or 0.6..0.95 in steps of 0.05 (default that; with --stack-file
                              that of the stack)
  --context-length N          tokens (default the stack's, else the model's)
  --max-running-requests N    (default the stack's, else the server's own choice)
  --json                      everything as JSON, sizes in bytes

Exit codes: 0 something loads, 1 nothing does, 2 bad input.
`,
  run: runPlan,
};

async function runPlan(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const order = readPlanOrder(args);
  const judged = judgeAll(order);
  world.out((order.isJson ? planJson(order, judged) : planText(order, judged)).trimEnd());
  return judged.some(({ verdict }) => verdict.kind !== "cannot load") ? exitCodes.pass : exitCodes.fail;
}

/** A verdict on each plan that was asked for, in the order of the table. */
export function judgeAll({ model, gpu, plans }: PlanOrder): readonly Judged[] {
  return plans.map((args) => judge({ shape: model.shape, memoryMiB: gpu.memoryMiB.value, args }));
}

function planJson({ model, gpu }: PlanOrder, judged: readonly Judged[]): string {
  const rows = judged.map(({ request, plan: sizes, verdict }) => ({
    arguments: request.args,
    sizes,
    verdict,
    recommended: recommend(request) ?? null,
  }));
  return JSON.stringify({ model: model.name, gpu, rows, assumptions: assumptionsOf(model, gpu) }, null, 2);
}
