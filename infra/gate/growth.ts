import type { Fault } from "../status/fault.ts";
import type { PromotionRun } from "./promotion-run.ts";

/** A pod that no node takes is given the time that a new node needs. Other faults are left as they are. */
export function awaitingNodes({ inputs }: PromotionRun, fault: Fault): Fault {
  if (inputs.growth === undefined || fault.code !== "E_UNSCHEDULABLE") return fault;
  return { ...fault, verdictAfterSeconds: Math.max(fault.verdictAfterSeconds, inputs.growth.nodeStartSeconds) };
}
