import { describeRefusal, parseJsonObject } from "../chat.ts";
import { type Check, everyProfile, type Finding, unanswered } from "../check.ts";
import type { Session } from "../session.ts";
import { compareIdentity, countDeclared, identityFacts } from "./attestation.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** Compares what runs with what was declared. */
export const identity: Check = {
  name: "identity",
  proves:
    "The process that answers runs the declared model, revision, parallelism, memory fraction, precision and attention path, on every rank.",
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
    const compared = countDeclared(session.spec.expectation);
    const reason =
      compared === 0 ? "Nothing was declared to compare with." : `${compared} of ${compared} declared facts hold.`;
    return { outcome: compared === 0 ? "skipped" : "pass", reason, facts };
  },
};

async function readJson(
  session: Session,
  path: string,
  timeout: number,
): Promise<{ json: JsonObject } | { finding: Finding }> {
  const result = await session.ask({ method: "GET", path, timeout });
  if (result.kind === "noAnswer") return { finding: unanswered(`GET ${path}`, result.reason) };
  if (result.status === 404) {
    const reason = `GET ${path}: 404: not an SGLang server, so it cannot attest what it runs.`;
    return { finding: { outcome: countDeclared(session.spec.expectation) > 0 ? "fail" : "skipped", reason } };
  }
  if (result.status !== 200) {
    return { finding: { outcome: "fail", reason: `GET ${path}: ${describeRefusal(result.status, result.body)}.` } };
  }
  const json = parseJsonObject(result.body);
  if (json === undefined)
    return { finding: { outcome: "fail", reason: `GET ${path}: the body is not a JSON object.` } };
  return { json };
}
