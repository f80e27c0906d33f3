import type { CrossCheck } from "./cross-check.ts";
import { valueChecks } from "./cross-checks/argument-values.ts";
import { elasticPoolChecks } from "./cross-checks/elastic-pools.ts";
import { engineChecks } from "./cross-checks/engine.ts";
import { argumentChecks } from "./cross-checks/extra-args.ts";
import { imageChecks } from "./cross-checks/image.ts";
import { modelChecks } from "./cross-checks/model.ts";
import { nodePoolChecks } from "./cross-checks/node-pools.ts";
import { reservedChecks } from "./cross-checks/reserved.ts";
import { rolloutChecks } from "./cross-checks/rollout.ts";
import { supplyChecks } from "./cross-checks/supply.ts";

/** Every cross-check, in the order in which problems are reported. */
export const crossChecks: readonly CrossCheck[] = [
  ...reservedChecks,
  ...nodePoolChecks,
  ...elasticPoolChecks,
  ...imageChecks,
  ...modelChecks,
  ...supplyChecks,
  ...engineChecks,
  ...argumentChecks,
  ...valueChecks,
  ...rolloutChecks,
];
