import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { chatThat, type Handler, rightChat, ScriptedEngine, sumOf } from "../support/scripted-engine.ts";

const root = resolve(import.meta.dirname, "../..");

/** Starts `keye <args>` as a process of its own. */
function keye(args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [join(root, "infra/cli/main.ts"), ...args], { cwd: root, env: { PATH: "" } });
}

/** What a process said, and how it ended. */
async function endOf(child: ChildProcessWithoutNullStreams) {
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [exitCode, signal] = await new Promise<[number | null, string | null]>((end) =>
    child.once("close", (...how) => end(how)),
  );
  return { exitCode, signal, out, err };
}

describe("keye probe, as a process", () => {
  test.each<[number, string, Handler, readonly string[], RegExp]>([
    [0, "right answers", rightChat, [], /^pass: /m],
    [
      1,
      "a wrong answer",
      chatThat((prompt) => String(sumOf(prompt) + 1)),
      [],
      /^fail: .*: text: .* wanted \d+, got "\d+"/m,
    ],
    [2, "a flag that there is not", rightChat, ["--profil", "gate"], /CONFIG_USAGE: .*did you mean --profile/],
    [3, "nothing listens", rightChat, ["--base-url", "http://127.0.0.1:1"], /connection refused: nothing listens/],
    [4, "a report that cannot be written", rightChat, ["--report", "json=/nonexistent/x"], /ENV_READ_ONLY/],
  ])("ends with %i after %s", async (exitCode, _name, chat, args, said) => {
    const engine = new ScriptedEngine({ "/v1/chat/completions": chat });
    try {
      const ended = await endOf(
        keye(["probe", ...(args.includes("--base-url") ? [] : ["--base-url", await engine.listen()]), ...args]),
      );
      expect(ended).toMatchObject({ exitCode, signal: null, err: expect.stringMatching(said) });
    } finally {
      await engine.close();
    }
  });

  test("that its deadline ends is inconclusive, and its report holds what came back until then", async () => {
    const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
    const engine = new ScriptedEngine({ "/health": () => undefined });
    const report = ["--report", `json=${join(folder, "report.json")}`];
    const args = ["--base-url", await engine.listen(), "--deadline", "1", "--exclude", "identity", ...report];
    try {
      expect(await endOf(keye(["probe", ...args]))).toMatchObject({ exitCode: 3 });
      expect(JSON.parse(readFileSync(join(folder, "report.json"), "utf8"))).toMatchObject({
        verdict: "inconclusive",
        reason: expect.stringMatching(/^the deadline of 1 s ended the run in health; 0 of 3 checks were done\./),
        checks: [],
      });
      expect(readdirSync(folder)).toEqual(["report.json"]);
    } finally {
      await engine.close();
    }
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s in the middle of a run ends it with 130 within a second; what it had is printed and in every report",
    async (signal) => {
      const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
      const asked = Promise.withResolvers<void>();
      const engine = new ScriptedEngine({
        "/health": (response) => response.writeHead(200).end(),
        "/v1/chat/completions": () => asked.resolve(),
      });
      const reports = ["json", "junit", "html"].flatMap((format) => ["--report", `${format}=${join(folder, format)}`]);
      const child = keye(["probe", "--json", "--base-url", await engine.listen(), ...reports]);
      const ending = endOf(child);
      try {
        await asked.promise;
        const sentAt = performance.now();
        child.kill(signal);
        const { exitCode, out, err } = await ending;
        expect(performance.now() - sentAt).toBeLessThan(1000);
        expect(exitCode).toBe(130);
        expect(err).toMatch(/^pass {3}health/m);
        expect(err).toMatch(/^inconclusive: .*: a signal ended the run in text; 2 of 4 checks were done\.$/m);
        expect(err.trimEnd().split("\n").at(-1)).toBe(`E_CANCELLED: keye: Cancelled by ${signal}.`);
        const printed = JSON.parse(out);
        expect(printed).toMatchObject({ verdict: "inconclusive", counts: { pass: 1, skipped: 1 } });
        expect(JSON.parse(readFileSync(join(folder, "json"), "utf8"))).toEqual(printed);
        expect(readdirSync(folder).toSorted()).toEqual(["html", "json", "junit"]);
      } finally {
        child.kill("SIGKILL");
        await engine.close();
      }
    },
  );
});

/** A command whose tidying up never ends. */
const endless = `
import { cancelledBySignals } from "${root}/infra/cli/cancelled-by-signals.ts";
import { systemClock } from "${root}/infra/cluster/system-clock.ts";
const signal = cancelledBySignals(process, systemClock);
setInterval(() => undefined, 1000);
signal.addEventListener("abort", () => setTimeout(() => console.log("tidying up"), 150));
console.log("begun");`;

test("a command that does not end at the first SIGINT ends at the second", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", endless]);
  child.stdout.on("data", () => child.kill("SIGINT"));
  expect(await endOf(child)).toMatchObject({ exitCode: 130, signal: null, out: "begun\ntidying up\n" });
});
