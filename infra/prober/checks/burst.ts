import type { Milliseconds } from "../../core/units.ts";
import { freshQuestion, isRight, type Question } from "../arithmetic.ts";
import { chatRequest, describeRefusal, parseChatAnswer } from "../chat.ts";
import { type Check, type Finding, unanswered } from "../check.ts";
import { modelOf } from "../expectations.ts";
import type { Session } from "../session.ts";
import { failureRateBound } from "../statistics/binomial.ts";
import { percent } from "../statistics/sample.ts";
import { shorten } from "../text.ts";

const defaultRequests = 8;
/** A probe is no load test: whoever shares the machine must not notice it. */
const mostRequests = 64;

/** Asks several fresh sums at once; each must come back, with its own answer. */
export const burst: Check = {
  name: "burst",
  proves: "Requests that run side by side are all answered, each with the answer to its own question.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 60,
  async run(session, timeoutSeconds) {
    const wanted = Math.max(1, Math.min(mostRequests, session.spec.burstRequests ?? defaultRequests));
    const questions = Array.from({ length: wanted }, () => freshQuestion(session.random));
    const findings = await Promise.all(
      questions.map((question) => askOne(session, question, { questions, timeout: timeoutSeconds * 1000 })),
    );
    return summary(findings, session.transportErrors);
  },
};

/** Wrong answers decide before missing ones: they are the engine's own. */
function summary(findings: readonly Finding[], transportErrors: number): Finding {
  const count = findings.length;
  const wrong = findings.filter(({ outcome }) => outcome === "fail");
  const lost = findings.filter(({ outcome }) => outcome === "error");
  const times = findings.map(({ facts }) => Number(facts?.tookMs ?? 0));
  const facts = {
    requests: count,
    wrong: wrong.length,
    lost: lost.length,
    transportErrors,
    slowestMs: Math.max(...times),
  };
  const [bad] = [...wrong, ...lost];
  if (bad === undefined) {
    const bound = percent(failureRateBound(count));
    const reason = `${count} of ${count} at once are right, the slowest after ${facts.slowestMs} ms; that bounds the failure rate by ${bound}.`;
    return { outcome: "pass", reason, facts };
  }
  const counts = `${count} at once: wanted ${count} right, got ${count - wrong.length - lost.length} right, ${wrong.length} wrong, ${lost.length} lost`;
  return { outcome: bad.outcome, reason: `${counts}; ${bad.reason}`, facts };
}

async function askOne(
  session: Session,
  question: Question,
  burst: { readonly questions: readonly Question[]; readonly timeout: Milliseconds },
): Promise<Finding> {
  const request = chatRequest(modelOf(session.spec), question.prompt, { stream: false, timeout: burst.timeout });
  const result = await session.ask(request);
  if (result.kind === "noAnswer") return unanswered("chat", result.reason);
  const facts = { tookMs: result.took };
  if (result.status !== 200) {
    return { outcome: "fail", reason: `${describeRefusal(result.status, result.body)}.`, facts };
  }
  if (result.cut !== undefined) return { outcome: "error", reason: `chat: ${result.cut}.`, facts };
  const answer = parseChatAnswer(result.body);
  if (typeof answer === "string") return { outcome: "fail", reason: `${answer}.`, facts };
  if (isRight(question, answer.content)) return { outcome: "pass", reason: "right", facts };
  const isMixedUp = burst.questions.some((other) => other !== question && isRight(other, answer.content));
  const mixUp = isMixedUp ? ", which is the answer to another question of the burst" : "";
  const reason = `"${question.prompt}": wanted ${question.answer}, got "${shorten(answer.content, 80)}"${mixUp}.`;
  return { outcome: "fail", reason, facts };
}
