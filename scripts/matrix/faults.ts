import * as acts from "./acts.ts";
import { killed, promoted, rejected } from "./expectations.ts";
import { deadline, line, plays, upgrade } from "./fault-parts.ts";
import { podFaults } from "./pod-faults.ts";
import type { Expectation, Fault } from "./row.ts";

/** Seen before the old revision goes, nothing is touched; cordoned a moment later, neither revision finds a node. */
const afterCordon: Partial<Expectation> = {
  code: ["E_CAPACITY", "E_ROLLBACK_FAILED"],
  serves: ["old", "nobody"],
  clients: "outage",
};

/** Faults of the cluster. */
const clusterFaults: readonly Fault[] = [
  {
    name: "unschedulable",
    does: "the nodes are cordoned once the run has begun",
    at: [{ line: line.preflight, act: acts.cordon(true) }],
    undo: acts.cordon(false),
    expect: (strategy, deploy) => ({
      ...rejected("", { ends: "promoted" })(strategy, deploy),
      ...(strategy === "recreate" ? afterCordon : { code: ["E_UNSCHEDULABLE", "E_CAPACITY"] }),
    }),
  },
  {
    name: "no-spare-gpus",
    isEarly: true,
    does: "other people hold every GPU that the old revision leaves",
    before: acts.holdSpareGpus,
    undo: acts.freeSpareGpus,
    deploys: upgrade,
    expect: (strategy, deploy) =>
      strategy === "blueGreen"
        ? { ...rejected("E_CAPACITY", { ends: "promoted" })(strategy, deploy) }
        : promoted()(strategy, deploy),
  },
  {
    name: "quota",
    does: "admission refuses every pod of the candidate",
    before: acts.refusePods,
    undo: acts.acceptPods,
    expect: rejected("E_QUOTA", { ends: "promoted" }),
  },
  {
    name: "api-refuses",
    isEarly: true,
    does: "a quota refuses the candidate's Deployment",
    before: acts.refuseDeployments,
    undo: acts.acceptDeployments,
    deploys: upgrade,
    expect: (strategy) => ({
      ends: ["refused"],
      serves: ["old"],
      // The next update goes through.
      clients: strategy === "recreate" ? "outage" : "unharmed",
      next: ["promoted"],
    }),
  },
  {
    name: "pod-deleted",
    does: "a pod of the candidate is deleted while it is probed",
    at: [{ line: line.probing, act: acts.deletePod("candidate") }],
    expect: promoted(),
  },
  {
    name: "pod-deleted-in-soak",
    does: "a pod of the candidate is deleted after the switch",
    at: [{ line: line.traffic, act: acts.deletePod("candidate") }],
    deploys: upgrade,
    expect: rejected("E_POSTVERIFY"),
  },
  {
    name: "old-pod-deleted",
    does: "a pod of the old revision is deleted while the candidate is probed",
    at: [{ line: line.probing, act: acts.deletePod("old") }],
    deploys: upgrade,
    strategies: ["blueGreen", "canary"],
    expect: promoted(),
  },
  {
    name: "node-lost",
    does: "the nodes under the candidate's pods are lost: all there are, but one for a canary",
    changes: plays("kubelet-gone:60"),
    deploys: upgrade,
    spoils: true,
    settleSeconds: 90,
    expect: (strategy) => ({
      ends: ["refused"],
      // Kubernetes lets a pod be for five minutes; before that it is one that does not become ready.
      code: strategy === "recreate" ? ["E_ROLLBACK_FAILED"] : ["E_NODE", "E_SLOW_START"],
      serves: strategy === "canary" ? ["old"] : ["old", "nobody"],
      clients: strategy === "canary" ? "unharmed" : "harmed",
      next: ["refused", "refused at once"],
      mayHold: true,
    }),
  },
  {
    name: "apiserver-restart",
    does: "the API server is gone for 5 s while pods are probed, and again after the switch",
    at: [
      { line: line.probing, act: acts.restartApiserver(5) },
      { line: line.switched, act: acts.restartApiserver(5) },
    ],
    expect: promoted(),
  },
  {
    name: "prober-blind",
    does: "no way leads from the prober to the candidate's pods",
    during: acts.cutPortForwards,
    deploys: upgrade,
    changes: [deadline("probeSeconds", 40)],
    expect: (...row) => ({ ...rejected("", { ends: "promoted" })(...row) }),
  },
];

/** People and other writers. */
const people: readonly Fault[] = [
  {
    name: "cancel",
    does: "Ctrl-C while pods are probed",
    at: [{ line: line.probing, act: "interrupt" }],
    settleSeconds: 60,
    expect: rejected("E_CANCELLED", { ends: "promoted" }),
  },
  {
    name: "cancel-after-switch",
    does: "Ctrl-C after the switch",
    at: [{ line: line.switched, act: "interrupt" }],
    settleSeconds: 60,
    // Of a first deploy, clients have been served for a moment.
    expect: (strategy, deploy) => ({
      ...rejected("E_CANCELLED", { ends: "promoted" })(strategy, deploy),
      ...(deploy === "first" ? { clients: "outage" } : {}),
    }),
  },
  {
    name: "selector-edited",
    does: "somebody leads the live Service to nothing while pods are probed",
    at: [{ line: line.probing, act: acts.select("cccccccccc") }],
    deploys: upgrade,
    expect: rejected("E_CONFLICT", {
      ends: "promoted",
      change: { serves: ["nobody"], isParked: false, clients: "outage" },
    }),
  },
  {
    name: "selector-drifted",
    does: "somebody leads the live Service to nothing between two updates",
    after: acts.select("cccccccccc"),
    deploys: upgrade,
    strategies: ["blueGreen"],
    expect: promoted({ serves: ["nobody"], clients: "outage", next: ["promoted", "verified"] }),
  },
  {
    name: "old-scaled",
    does: "an autoscaler gives the old revision a third pod while the candidate is probed",
    at: [{ line: line.probing, act: acts.scale("old", 3) }],
    deploys: upgrade,
    strategies: ["blueGreen", "canary"],
    expect: promoted(),
  },
  {
    name: "candidate-scaled",
    does: "somebody scales the candidate while its pods start",
    at: [{ line: line.starting, act: acts.scale("candidate", 3) }],
    deploys: upgrade,
    expect: rejected("E_CONFLICT", { ends: "promoted" }),
  },
  {
    name: "rollback-fails",
    does: "after the switch the candidate loses a pod and somebody has scaled the old revision to 0",
    at: [
      { line: line.switched, act: acts.scale("old", 0) },
      { line: line.traffic, act: acts.deletePod("candidate") },
    ],
    deploys: upgrade,
    strategies: ["blueGreen"],
    expect: rejected("E_ROLLBACK_FAILED", {
      ends: "verified",
      change: { serves: ["new"], isParked: false, clients: "unharmed" },
    }),
  },
  {
    name: "two-runners",
    does: "another update of the same stack, then again after its lock was taken away",
    at: [{ line: line.probing, act: acts.secondRunner }],
    changes: [deadline("soakSeconds", 25)],
    deploys: upgrade,
    expect: promoted(),
  },
];

/** A runner that is gone at once, without undoing anything. */
function killedAfter(phase: keyof typeof line, serves: Expectation["serves"], rest: Partial<Fault> = {}): Fault {
  return {
    name: `runner-killed-after-${phase}`,
    does: `kill -9 of the whole runner after "${phase}"`,
    at: [{ line: line[phase], act: acts.kill("all") }],
    after: acts.forgetLock,
    deploys: upgrade,
    // A watchdog brings the old revision back.
    settleSeconds: 90,
    expect: killed(serves),
    ...rest,
  };
}

const kills: readonly Fault[] = [
  {
    name: "engine-killed",
    does: "kill -9 of pulumi while pods are probed",
    at: [{ line: line.probing, act: acts.kill("engine") }],
    after: acts.forgetLock,
    settleSeconds: 60,
    expect: killed(["old"]),
  },
  {
    name: "plugin-killed",
    does: "kill -9 of the plugin while pods are probed",
    at: [{ line: line.probing, act: acts.kill("plugin") }],
    deploys: upgrade,
    settleSeconds: 90,
    expect: killed(["old"], { ends: ["refused"] }),
  },
  killedAfter("preflight", ["old"]),
  killedAfter("scale", ["old"]),
  killedAfter("ready", ["old"]),
  killedAfter("proven", ["old", "both", "new"], { deploys: ["first", "upgrade"] }),
  killedAfter("recheck", ["old", "new"]),
  killedAfter("switched", ["new"], {
    deploys: ["first", "upgrade"],
    // A canary's first switch is that to its ramp.
    expect: (strategy, deploy) => killed(strategy === "canary" ? ["old"] : ["new"])(strategy, deploy),
  }),
  killedAfter("traffic", ["new"]),
  killedAfter("soak", ["new"]),
  killedAfter("retire", ["new"], {
    // A recreate has nothing to retire.
    strategies: ["blueGreen", "canary"],
    // The record may have been written by then.
    expect: killed(["new"], { next: ["promoted", "verified", "unchanged"] }),
  }),
];

/** What is wanted. */
const wanted: readonly Fault[] = [
  { name: "none", does: "nothing goes wrong", expect: promoted() },
  {
    name: "revert-after-failure",
    does: "the candidate is rejected, and the old revision asked for again",
    changes: plays("crash-while-loading"),
    next: "the old revision",
    deploys: upgrade,
    strategies: ["blueGreen"],
    expect: rejected("E_CRASH", { ends: "unchanged" }),
  },
  {
    name: "revert-after-success",
    does: "the candidate serves, and the old revision is asked for again",
    next: "the old revision",
    deploys: upgrade,
    expect: promoted({ next: ["promoted"] }),
  },
  {
    name: "another-after-failure",
    does: "the candidate is rejected, and another one asked for",
    changes: plays("wrong-answer"),
    next: "another revision",
    deploys: upgrade,
    strategies: ["blueGreen"],
    expect: rejected("E_PROBE", { ends: "promoted" }),
  },
  {
    name: "probes-change",
    isEarly: true,
    does: "only the probes change",
    changes: [{ path: ["gate", "consecutivePasses"], value: 2 }],
    isSameRevision: true,
    deploys: upgrade,
    strategies: ["blueGreen"],
    expect: () => ({ ends: ["verified"], serves: ["old"], clients: "unharmed", next: ["unchanged"] }),
  },
  {
    name: "continue-on-error",
    isEarly: true,
    does: "PULUMI_CONTINUE_ON_ERROR is set",
    env: { PULUMI_CONTINUE_ON_ERROR: "true" },
    deploys: upgrade,
    strategies: ["blueGreen"],
    expect: () => ({ ends: ["refused"], serves: ["old"], clients: "unharmed", next: ["promoted"] }),
  },
];

/** Every fault of the matrix. Those that leave nothing serving come first: a first deploy follows them. */
export const faults: readonly Fault[] = [...podFaults, ...clusterFaults, ...people, ...kills, ...wanted];
