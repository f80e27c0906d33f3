import { probe } from "../../../infra/cli/probe.ts";
import {
  chatBody,
  type Handler,
  json,
  promptOf,
  ScriptedEngine,
  sendStream,
  streamFrames,
  sumOf,
} from "../../support/scripted-engine.ts";

/** A chat endpoint that answers each prompt so, streamed where it is asked to. */
export function chatThat(answer: (prompt: string) => string): Handler {
  return (response, body, request) => {
    const content = answer(promptOf(body));
    if (body.stream === true) sendStream(response, streamFrames(content));
    else json(chatBody(content))(response, body, request);
  };
}

/** Answers every sum rightly. */
export const rightChat = chatThat((prompt) => String(sumOf(prompt)));

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
