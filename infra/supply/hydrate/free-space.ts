import { DeployError } from "../../core/errors.ts";
import { sizeText } from "../../core/transfer.ts";
import type { Bytes } from "../../core/units.ts";

/** Throws `ENV_READ_ONLY` where `needed` bytes more do not fit. */
export function checkSpace(dir: string, needed: Bytes, free: Bytes): void {
  if (needed <= free) return;
  throw new DeployError({
    code: "ENV_READ_ONLY",
    where: dir,
    message: `${sizeText(needed)} more are needed here and ${sizeText(free)} are free. Nothing was loaded.`,
    hint: `Make room for ${sizeText(needed - free)}, or take a larger volume: weights of older revisions lie in folders beside this one.`,
  });
}
