import { describe, expect, test } from "vitest";
import { readAppAim } from "../../../infra/cli/app-aim.ts";
import type { CommandWorld } from "../../../infra/cli/command.ts";
import { consoleProgress } from "../../../infra/cli/rollback-progress.ts";

const world: CommandWorld = {
  out: () => undefined,
  err: () => undefined,
  env: { KUBECONFIG: "from-env" },
  signal: new AbortController().signal,
};

describe("the app that a command is about", () => {
  test("is named without its settings", () => {
    expect(readAppAim("status", { namespace: "team", app: "keye", context: "prod" }, world)).toEqual({
      ref: { namespace: "team", app: "keye", service: "keye" },
      context: "prod",
      kubeconfig: "from-env",
      settings: undefined,
    });
  });

  test("is that of the settings, in their context unless another is given", () => {
    const stackFile = "Pulumi.rehearsal.yaml";
    expect(readAppAim("status", { "stack-file": stackFile, kubeconfig: "mine" }, world)).toMatchObject({
      ref: { namespace: "keye", app: "keye", service: "keye" },
      context: undefined,
      kubeconfig: "mine",
      settings: { stackFile },
    });
    expect(readAppAim("status", { "stack-file": stackFile, context: "other" }, world).context).toBe("other");
  });

  test.each([
    [{ namespace: "keye" }, "--namespace and --app name an app together; one of them is missing."],
    [{ app: "keye" }, "--namespace and --app name an app together; one of them is missing."],
    [
      { namespace: "keye", app: "keye", "stack-file": "Pulumi.prod.yaml" },
      "--stack-file names the app by its settings, --namespace and --app without: give one.",
    ],
  ])("is refused in %o", (values, message) => {
    expect(() => readAppAim("status", values, world)).toThrow(`CONFIG_USAGE: keye status: ${message}`);
  });
});

test("progress on a console: every line that stays, and the passing ones only after ten seconds of silence", () => {
  const told: string[] = [];
  let now = 0;
  const progress = consoleProgress((line) => told.push(line), { now: () => now });
  const steps = [
    [1_000, "status", "a"],
    [9_000, "line", "b"],
    [18_000, "status", "c"],
    [19_000, "status", "d"],
    [28_999, "status", "e"],
    [29_000, "status", "f"],
  ] as const;
  for (const [at, kind, text] of steps) {
    now = at;
    progress[kind](text);
  }
  expect(told).toEqual(["b", "d", "f"]);
});
