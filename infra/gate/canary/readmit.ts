import { isReady } from "../../status/pod-facts.ts";
import { podsOf } from "../app-view.ts";
import { apiPhaseSeconds } from "../promotion-run.ts";
import { proveOld } from "../prove-old.ts";
import { letIn, type Stepping } from "./steps.ts";

/**
 * Lets old pods serve again that a dead run left without the label: the one that it was draining, or one that had come back
 * and was not asked yet. Which of these a pod is cannot be seen, so each is asked.
 */
export async function readmitOld(stepping: Stepping): Promise<void> {
  const { run, ramp, step } = stepping;
  const observation = await step("ramp", apiPhaseSeconds, (signal) => run.ports.cluster.observe(run.ref, signal));
  const idle = podsOf(observation, ramp.from).filter((pod) => isReady(pod) && !ramp.isLabelled(pod));
  const verdicts = await step("ramp", run.inputs.deadlines.probeSeconds, (signal) =>
    Promise.all(idle.map((pod) => proveOld(run, { pod, revision: ramp.from }, signal))),
  );
  for (const [index, { metadata }] of idle.entries()) {
    const verdict = verdicts[index];
    if (verdict?.kind !== "pass") run.line("ramp", `${metadata.name} stays out: ${verdict?.reason ?? "not asked"}`);
  }
  const passed = idle.filter((_, index) => verdicts[index]?.kind === "pass");
  for (const pod of idle) if (!passed.includes(pod)) ramp.noteOut(pod);
  await letIn(stepping, passed);
  ramp.admitsOld = true;
}
