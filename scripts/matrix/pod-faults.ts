import { rejected } from "./expectations.ts";
import { deadline, plays, startsWithin, upgrade } from "./fault-parts.ts";
import type { Fault } from "./row.ts";

/** Faults of the candidate's pods: nothing but another revision cures most of them. */
export const podFaults: readonly Fault[] = [
  {
    name: "image",
    does: "the image is not in the registry",
    changes: plays("image-not-found"),
    // Where the image is brought to the nodes first, that nobody could is no verdict on the revision.
    expect: (strategy, deploy) => ({
      ...rejected("E_IMAGE")(strategy, deploy),
      next: deploy === "first" ? ["refused", "refused at once"] : ["refused at once"],
    }),
  },
  {
    name: "config",
    does: "kernels of the engine are missing",
    changes: plays("missing-effective-kernels"),
    expect: rejected("E_CONFIG"),
  },
  {
    name: "crash",
    does: "the engine crashes while loading",
    changes: plays("crash-while-loading"),
    expect: rejected("E_CRASH"),
  },
  {
    name: "cuda-oom",
    does: "GPU memory has no room for the KV cache",
    changes: plays("oom-kv"),
    expect: rejected("E_OOM"),
  },
  {
    name: "host-oom",
    does: "host memory ends",
    changes: plays("oom-killed"),
    expect: rejected("E_OOM"),
    deploys: upgrade,
  },
  {
    name: "nccl",
    does: "the GPUs cannot talk to each other",
    changes: plays("nccl"),
    expect: rejected("E_GPU", { ends: "refused" }),
    deploys: upgrade,
  },
  {
    name: "never-ready",
    does: "loading goes on and on",
    changes: [...plays("slow-load:1000"), ...startsWithin(60)],
    expect: rejected("E_SLOW_START"),
  },
  {
    name: "evicted",
    does: "every pod is evicted",
    changes: plays("evicted:60"),
    expect: rejected("E_EVICTED", { ends: "refused" }),
    deploys: upgrade,
  },
  {
    name: "hang",
    does: "the engine says that it is well and answers nothing",
    changes: [...plays("dead-scheduler"), deadline("probeSeconds", 25), ...startsWithin(60)],
    deploys: upgrade,
    expect: (...row) => ({ ...rejected("", { ends: "refused" })(...row) }),
  },
  {
    name: "identity",
    does: "the engine is not what was declared",
    changes: plays("wrong-weight-version"),
    expect: rejected("E_IDENTITY"),
  },
  {
    name: "wrong-answer",
    does: "the engine answers fluently and wrongly",
    changes: plays("wrong-answer"),
    expect: rejected("E_PROBE"),
  },
  {
    name: "wrong-under-load",
    does: "the engine is right when probed and wrong under the clients' load",
    changes: [...plays("wears-out:60"), deadline("soakSeconds", 25)],
    deploys: upgrade,
    expect: rejected("E_POSTVERIFY", { change: { clients: "harmed" } }),
  },
];
