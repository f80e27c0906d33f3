import type { LatencyObjective, ProbeSpec } from "../../core/probe-spec.ts";
import type { Milliseconds } from "../../core/units.ts";
import { chatRequest, describeRefusal, firstOf, objectOf, parseJsonObject } from "../chat.ts";
import { type Check, type Finding, unanswered } from "../check.ts";
import { assembleStream, type Frame, framesOf } from "../event-stream.ts";
import { modelOf } from "../expectations.ts";
import { inLanes } from "../lanes.ts";
import type { Session } from "../session.ts";
import { type QuantileClaim, samplesNeeded } from "../statistics/binomial.ts";
import { judgeSample, percentile } from "../statistics/sample.ts";

/** Streams at once. Part of every claim: an engine is slower for each when it serves more. */
const lanes = 4;
/** Answers that are asked for first and not counted: connections, caches and kernels come up with them. */
const warmUp = 2;
/** Enough to see a slow engine in a few seconds; too few for a claim, and the report says so. */
const gateSamples = 20;
/** One probe takes no longer than minutes. */
const mostSamples = 1000;
/** Tokens of an answer: enough to time the pauses between them. */
const maxTokens = 24;

/** Streams short answers, and times the first token and the pauses between the others. */
export const latency: Check = {
  name: "latency",
  proves: "Short answers begin and flow as fast as declared; without a declared limit, how fast they did.",
  profiles: ["gate", "soak"],
  timeoutSeconds: 60,
  // Up to a thousand answers, four at once, of two seconds each.
  deadlineSeconds: 600,
  async run(session, timeoutSeconds) {
    const claim = claimOf(session.spec.latency);
    const count = sampleCount(session.spec, claim);
    if (count > mostSamples) {
      const reason = `The declared claim needs ${count} samples, and at most ${mostSamples} are taken: lower quantile or confidence.`;
      return { outcome: "error", reason };
    }
    const timeout = timeoutSeconds * 1000;
    // Ends the sample early: an engine that hangs is not waited for once a sample.
    let flaw: Finding | undefined;
    const paces: Pace[] = [];
    const takeOne = async () => {
      if (flaw !== undefined) return;
      const timed = await timeOne(session, timeout);
      if ("outcome" in timed) flaw ??= timed;
      else paces.push(timed);
    };
    await inLanes(warmUp, 1, takeOne);
    paces.length = 0;
    await inLanes(count, lanes, takeOne);
    return flaw ?? judge(paces, session.spec.latency, claim);
  },
};

/** How one streamed answer flowed. */
export interface Pace {
  readonly ttft: Milliseconds;
  /** Mean pause between its tokens. One number an answer, since the pauses of one answer depend on one another. */
  readonly interToken: Milliseconds;
}

/** Samples that are taken: with a limit, as many as make the claim although one of them lies above it. */
export function sampleCount({ profile, latency: objective }: ProbeSpec, claim: QuantileClaim): number {
  const isJudged = objective?.ttftSeconds !== undefined || objective?.interTokenSeconds !== undefined;
  if (isJudged) return samplesNeeded(claim, 1);
  return profile === "soak" ? samplesNeeded(claim, 0) : gateSamples;
}

function claimOf(objective: LatencyObjective | undefined): QuantileClaim {
  return { quantile: objective?.quantile ?? 0.95, confidence: objective?.confidence ?? 0.95 };
}

function judge(paces: readonly Pace[], objective: LatencyObjective | undefined, claim: QuantileClaim): Finding {
  const ttft = paces.map((pace) => pace.ttft);
  const interToken = paces.map((pace) => pace.interToken);
  const verdicts = [
    { what: "TTFT", values: ttft, limit: objective?.ttftSeconds },
    { what: "inter-token latency", values: interToken, limit: objective?.interTokenSeconds },
  ].map(({ what, values, limit }) =>
    judgeSample({ what, unit: "s", values: values.map((value) => value / 1000), limit }, claim),
  );
  const facts = {
    samples: paces.length,
    warmUp,
    concurrency: lanes,
    ...spread("ttftMs", ttft),
    ...spread("interTokenMs", interToken),
    ttftClaim: verdicts[0]?.claim ?? null,
    interTokenClaim: verdicts[1]?.claim ?? null,
  };
  const medians = `median TTFT ${at(ttft, 0.5)} ms, inter-token ${at(interToken, 0.5)} ms, ${lanes} at once`;
  const reason = `${verdicts.map((verdict) => verdict.claim).join("; ")} (${medians}).`;
  return { outcome: verdicts.some(({ holds }) => holds === false) ? "fail" : "pass", reason, facts };
}

function spread(name: string, values: readonly Milliseconds[]): Finding["facts"] {
  return { [`${name}P50`]: at(values, 0.5), [`${name}P95`]: at(values, 0.95), [`${name}Max`]: at(values, 1) };
}

/** A percentile to a tenth of a millisecond. */
function at(values: readonly Milliseconds[], quantile: number): number | null {
  const value = percentile(values, quantile);
  return value === undefined ? null : Math.round(value * 10) / 10;
}

async function timeOne(session: Session, timeout: Milliseconds): Promise<Pace | Finding> {
  // Each answer counts from a number of its own, so that no cache knows the whole prompt.
  const from = 10 + Math.floor(session.random() * 900);
  const prompt = `Count from ${from} to ${from + 5}, separated by commas.`;
  const request = chatRequest(modelOf(session.spec), prompt, { stream: true, timeout });
  const result = await session.ask({ ...request, json: { ...objectOf(request.json), max_tokens: maxTokens } });
  if (result.kind === "noAnswer") return unanswered("stream", result.reason);
  if (result.status !== 200) return { outcome: "fail", reason: `${describeRefusal(result.status, result.body)}.` };
  if (result.cut !== undefined) return { outcome: "error", reason: `stream: ${result.cut}.` };
  const frames = framesOf(result.chunks);
  const answer = assembleStream(frames);
  if (typeof answer === "string") return { outcome: "fail", reason: `${answer}.` };
  const pace = paceOf(frames);
  return pace ?? { outcome: "fail", reason: `"${prompt}": wanted a stream of tokens, got fewer than two.` };
}

/** Times the tokens of a stream, thoughts included. Undefined where fewer than two came. */
export function paceOf(frames: readonly Frame[]): Pace | undefined {
  const times = frames.filter(hasToken).map(({ at }) => at);
  const [first] = times;
  const last = times.at(-1);
  if (first === undefined || last === undefined || times.length < 2) return undefined;
  return { ttft: first, interToken: (last - first) / (times.length - 1) };
}

function hasToken({ payload }: Frame): boolean {
  const delta = objectOf(firstOf(parseJsonObject(payload)?.choices)?.delta);
  return [delta?.content, delta?.reasoning_content].some((text) => typeof text === "string" && text !== "");
}
