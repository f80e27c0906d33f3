import { DeployError } from "../core/errors.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { PromotionFailed } from "../gate/promotion-error.ts";

/** The exit code for anything that was thrown. */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (!(thrown instanceof DeployError)) return exitCodes.fail;
  if (thrown instanceof PromotionFailed && thrown.kind === "inconclusive") return exitCodes.inconclusive;
  if (thrown.code.startsWith("CONFIG_")) return exitCodes.badInput;
  if (thrown.code.startsWith("ENV_") || thrown.code === "E_LOCKED" || thrown.code === "E_API")
    return exitCodes.environment;
  if (thrown.code === "E_CANCELLED") return exitCodes.cancelled;
  if (thrown.code === "GATE_INCONCLUSIVE") return exitCodes.inconclusive;
  return exitCodes.fail;
}
