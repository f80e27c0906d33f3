import { judgeAll } from "../../infra/cli/plan.ts";
import { readPlanOrder } from "../../infra/cli/plan-flags.ts";
import { planText } from "../../infra/cli/plan-text.ts";
import type { Generator } from "../generator.ts";

/** What `keye plan` prints for an H800, each number of GPUs by itself, with every fraction from 0.6 to 0.95. */
export const generators: readonly Generator[] = ["1", "2", "4", "8"].map((tp) => ({
  name: `keye plan golden, tp ${tp}`,
  path: `test/golden/plan/h800-tp${tp}.txt`,
  text: () => planned(["--gpu", "H800", "--tp", tp, "--mem-fraction", "0.6..0.95"]),
}));

function planned(args: readonly string[]): string {
  const order = readPlanOrder(args);
  return planText(order, judgeAll(order));
}
