import { describe, expect, test } from "vitest";
import { watchdog } from "../../../infra/cli/watchdog.ts";
import { watchdogJob } from "../../../infra/cluster/watchdog-job.ts";
import { probeWorld } from "./probe-run.ts";

const ref = { namespace: "keye", app: "keye", service: "keye" };
const orders = { stable: "aaaaaaaaaa", candidate: "bbbbbbbbbb", replicas: 2, staleSeconds: 120 };

/** The arguments that the Job gives, without the command's name. */
const given: readonly string[] = (() => {
  // The Job's own shape.
  const { template } = watchdogJob(ref, { ...orders, image: "keye", lifeSeconds: 1 }).spec as {
    readonly template: { readonly spec: { readonly containers: readonly [{ readonly args: readonly string[] }] } };
  };
  return template.spec.containers[0].args.slice(1);
})();

describe("keye watchdog", () => {
  test("takes the arguments that its Job gives", async () => {
    const { world, err } = probeWorld({ KUBECONFIG: "/nowhere/kubeconfig" }, AbortSignal.timeout(5_000));
    await expect(watchdog.run(given, world)).rejects.toMatchObject({ code: "ENV_KUBECONFIG" });
    expect(err()).toBe("");
  });

  test.each([
    { flag: "app", without: true, says: "--app: wanted a Kubernetes name, got nothing." },
    { flag: "stable", value: "AAAAAAAAAA", says: '--stable: wanted 10 hex digits, got "AAAAAAAAAA".' },
    { flag: "replicas", value: "0", says: '--replicas: wanted a whole number from 1 to 1000, got "0".' },
    { flag: "stale-seconds", value: "5", says: '--stale-seconds: wanted a whole number from 15 to 3600, got "5".' },
  ])("refuses: $says", async ({ flag, value, without, says }) => {
    const others = given.filter((arg) => !arg.startsWith(`--${flag}=`));
    const { world } = probeWorld({}, AbortSignal.timeout(5_000));
    const refused = watchdog.run(without ? others : [...others, `--${flag}=${value}`], world);
    await expect(refused).rejects.toMatchObject({ code: "CONFIG_USAGE", message: expect.stringContaining(says) });
  });
});
