import { probe } from "../../../infra/cli/probe.ts";
import { type Handler, ScriptedEngine } from "../../support/scripted-engine.ts";

/** The world of one `keye probe`, and what it said to it. */
export function probeWorld(env: Record<string, string> = {}, signal = AbortSignal.timeout(4000)) {
  const out: string[] = [];
  const err: string[] = [];
  const world = { out: (text: string) => out.push(text), err: (text: string) => err.push(text), env, signal };
  return { world, out: () => out.join("\n"), err: () => err.join("\n") };
}

/** Runs `keye probe` in this process against an engine with these routes. */
export async function runProbe(
  routes: Readonly<Record<string, Handler>>,
  args: readonly string[] = [],
  env: Record<string, string> = {},
) {
  const engine = new ScriptedEngine(routes);
  const { world, out, err } = probeWorld(env);
  try {
    const exitCode = await probe.run(["--base-url", await engine.listen(), ...args], world);
    return { exitCode, out: out(), err: err(), requests: engine.requests };
  } finally {
    await engine.close();
  }
}
