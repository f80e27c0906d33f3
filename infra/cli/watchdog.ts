import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { connect } from "../cluster/connect.ts";
import { type ExitCode, exitCodes } from "../core/exit-codes.ts";
import { leaseName } from "../core/names.ts";
import type { AppRef, WatchdogOrders } from "../gate/ports.ts";
import { watchOver } from "../gate/recreate/watchdog.ts";
import type { Command, CommandWorld } from "./command.ts";
import { parseFlags, usageError } from "./flags.ts";

/** `keye watchdog`: brings the old revision back where a promotion by `recreate` dies while nobody serves. */
export const watchdog: Command = {
  help: `keye watchdog --namespace NAME --app NAME --stable REVISION --candidate REVISION --replicas N [options]

What the Job of a promotion by recreate runs, inside the cluster. Watches the app's Lease. Once it was released or has stood
still, and the live Service still selects the stable revision, which has less than its replicas: takes the Lease, scales the
candidate to 0 and the stable revision to its replicas. Otherwise it changes nothing.

  --namespace NAME      of the app
  --app NAME            its name
  --service NAME        its live Service; the app's name where absent
  --stable REVISION     the revision that served when the promotion began
  --candidate REVISION  the revision that was to take its place
  --replicas N          what the stable revision shall have
  --stale-seconds N     how long the Lease must have stood still, 15 to 3600; 120 where absent

Exit codes: 0 done, or nothing to do; 2 bad input; 4 the cluster cannot be asked; 130 cancelled.
`,
  run: runWatchdog,
};

async function runWatchdog(args: readonly string[], world: CommandWorld): Promise<ExitCode> {
  const { ref, orders } = readOrders(args);
  const { KUBECONFIG: kubeconfig } = world.env;
  const connection = connect(kubeconfig ? { kubeconfig } : {});
  try {
    const { stable, replicas, staleSeconds } = orders;
    world.err(
      `watching Lease ${ref.namespace}/${leaseName(ref.app)}: ${stable} comes back to ${replicas} replicas when nobody renews it for ${staleSeconds} s`,
    );
    const holder = `watchdog/${hostname()}/${randomBytes(4).toString("hex")}`;
    const post = connection.watchPost({ ref, holder, say: world.err });
    const { kind, because } = await watchOver(ref.app, orders, post, world.signal);
    if (kind === "leave") world.err(`nothing to do: ${because}`);
    return exitCodes.pass;
  } finally {
    connection.close();
  }
}

function readOrders(args: readonly string[]): { readonly ref: AppRef; readonly orders: WatchdogOrders } {
  const { values, positionals } = parseFlags("watchdog", args, {
    namespace: { type: "string" },
    app: { type: "string" },
    service: { type: "string" },
    stable: { type: "string" },
    candidate: { type: "string" },
    replicas: { type: "string" },
    "stale-seconds": { type: "string", default: "120" },
  });
  if (positionals[0] !== undefined) throw usageError("watchdog", `unexpected argument "${positionals[0]}".`);
  const app = matching("app", values.app, name);
  return {
    ref: {
      namespace: matching("namespace", values.namespace, name),
      app,
      service: matching("service", values.service ?? app, name),
    },
    orders: {
      stable: matching("stable", values.stable, revision),
      candidate: matching("candidate", values.candidate, revision),
      replicas: within("replicas", values.replicas, [1, 1000]),
      staleSeconds: within("stale-seconds", values["stale-seconds"], [15, 3600]),
    },
  };
}

interface Form {
  readonly pattern: RegExp;
  readonly words: string;
}

const name: Form = { pattern: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, words: "a Kubernetes name" };
const revision: Form = { pattern: /^[0-9a-f]{10}$/, words: "10 hex digits" };

function matching(flag: string, text: string | undefined, { pattern, words }: Form): string {
  if (text !== undefined && pattern.test(text)) return text;
  throw usageError("watchdog", `--${flag}: wanted ${words}, got ${text === undefined ? "nothing" : `"${text}"`}.`);
}

function within(flag: string, text: string | undefined, [min, max]: readonly [number, number]): number {
  const value = Number(text);
  if (text !== undefined && text !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
  const got = text === undefined ? "nothing" : `"${text}"`;
  throw usageError("watchdog", `--${flag}: wanted a whole number from ${min} to ${max}, got ${got}.`);
}
