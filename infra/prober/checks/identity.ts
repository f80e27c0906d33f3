import type { EngineExpectation } from "../../core/probe-spec.ts";
import { describeRefusal, firstOf, parseJsonObject } from "../chat.ts";
import { type Check, everyProfile, type Finding, unanswered } from "../check.ts";
import type { Session } from "../session.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Tokens that the engine keeps back from its context length: `max_req_input_len` is at most this much shorter.
 * @see sglang keye-vl-v2-30b-release, srt/managers/tp_worker.py, max_req_input_len
 */
const reservedTokens = 6;

/** Compares what runs with what was declared. */
export const identity: Check = {
  name: "identity",
  proves:
    "The process that answers runs the declared model, revision, parallelism, memory fraction and attention path.",
  profiles: everyProfile,
  // `/server_info` waits for the scheduler, which may be in a long prefill.
  timeoutSeconds: 30,
  async run(session, timeoutSeconds) {
    const answers: JsonObject[] = [];
    for (const path of ["/model_info", "/server_info", "/v1/models"]) {
      const answer = await readJson(session, path, timeoutSeconds * 1000);
      if ("finding" in answer) return answer.finding;
      answers.push(answer.json);
    }
    const [model = {}, server = {}, models = {}] = answers;
    const differences = compareIdentity(session.spec.expectation, { model, server, models });
    const facts = identityFacts({ model, server, models });
    if (differences.length > 0) return { outcome: "fail", reason: `${differences.join("; ")}.`, facts };
    const compared = Object.values(session.spec.expectation).filter((value) => value !== undefined).length;
    const reason =
      compared === 0 ? "Nothing was declared to compare with." : `${compared} of ${compared} declared facts hold.`;
    return { outcome: compared === 0 ? "skipped" : "pass", reason, facts };
  },
};

interface SelfDescription {
  readonly model: JsonObject;
  readonly server: JsonObject;
  readonly models: JsonObject;
}

/** Every difference between the declared and the running engine, as "field: wanted x, got y". */
function compareIdentity(wanted: EngineExpectation, running: SelfDescription): string[] {
  const { model, server } = running;
  const listed = firstOf(running.models.data);
  const architecture = Array.isArray(model.architectures) ? model.architectures[0] : undefined;
  const rows: readonly (readonly [string, unknown, unknown])[] = [
    ["status", "ready", server.status],
    ["weight_version", wanted.weightVersion, model.weight_version],
    ["model_path", wanted.modelPath, server.model_path],
    ["served_model_name", wanted.servedModelName, server.served_model_name],
    ["id in /v1/models", wanted.servedModelName, listed?.id],
    ["tp_size", wanted.tpSize, server.tp_size],
    ["mem_fraction_static", wanted.memFractionStatic, server.mem_fraction_static],
    ["attention_backend", wanted.attentionBackend, server.attention_backend],
    ["page_size", wanted.pageSize, server.page_size],
    ["architectures[0]", wanted.architecture, architecture],
    ["max_model_len", wanted.contextLength, listed?.max_model_len],
  ];
  const differences = rows
    .filter(([, want, got]) => want !== undefined && want !== got)
    .map(([field, want, got]) => `${field}: wanted ${JSON.stringify(want)}, got ${JSON.stringify(got) ?? "nothing"}`);
  const longest = Number(server.max_req_input_len ?? 0);
  if (wanted.contextLength !== undefined && longest < wanted.contextLength - reservedTokens) {
    const need = wanted.contextLength - reservedTokens;
    differences.push(
      `max_req_input_len: wanted at least ${need}, got ${longest}: the KV pool is too small for one full context`,
    );
  }
  return differences;
}

/** Only these fields leave the check: `/server_info` also holds API keys. */
function identityFacts(running: SelfDescription): Record<string, string | number | boolean | null> {
  const { model, server } = running;
  const allowed: readonly (readonly [string, unknown])[] = [
    ["weightVersion", model.weight_version],
    ["modelPath", server.model_path],
    ["servedModelName", server.served_model_name],
    ["tpSize", server.tp_size],
    ["memFractionStatic", server.mem_fraction_static],
    ["attentionBackend", server.attention_backend],
    ["pageSize", server.page_size],
    ["maxTotalTokens", server.max_total_num_tokens],
    ["maxInputTokens", server.max_req_input_len],
    ["version", server.version],
  ];
  return Object.fromEntries(allowed.map(([name, value]) => [name, isPlain(value) ? value : null]));
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

async function readJson(
  session: Session,
  path: string,
  timeout: number,
): Promise<{ json: JsonObject } | { finding: Finding }> {
  const result = await session.ask({ method: "GET", path, timeout });
  if (result.kind === "noAnswer") return { finding: unanswered(`GET ${path}`, result.reason) };
  if (result.status === 404) {
    const reason = `GET ${path}: 404: not an SGLang server, so it cannot attest what it runs.`;
    const isDeclared = Object.values(session.spec.expectation).some((value) => value !== undefined);
    return { finding: { outcome: isDeclared ? "fail" : "skipped", reason } };
  }
  if (result.status !== 200) {
    return { finding: { outcome: "fail", reason: `GET ${path}: ${describeRefusal(result.status, result.body)}.` } };
  }
  const json = parseJsonObject(result.body);
  if (json === undefined)
    return { finding: { outcome: "fail", reason: `GET ${path}: the body is not a JSON object.` } };
  return { json };
}
