import { headProblem, type Issue, issuesOf } from "./issues.ts";
import { usefulRequests } from "./memory-arguments.ts";
import { type MemoryPlan, type MemoryRequest, planMemory } from "./memory-plan.ts";
import { fractionsWhere, recommend } from "./recommend.ts";
import { gibibytes, rangeText, whole } from "./wording.ts";

/** What becomes of an engine with these arguments, with the numbers that say so. */
export interface Verdict {
  /** `tight`: it starts, and refuses long prompts or may run out of memory while it serves. */
  readonly kind: "fits" | "tight" | "cannot load";
  /** One or two sentences. */
  readonly reason: string;
  /** Which argument to turn, and which way. Absent where all is well. */
  readonly cure?: string;
}

/** A request for a plan, what came of it, and the verdict on it. */
export interface Judged {
  readonly request: MemoryRequest;
  readonly plan: MemoryPlan;
  readonly verdict: Verdict;
}

/** Plans and judges. Pure: the same request gives the same sentences. */
export function judge(request: MemoryRequest): Judged {
  const plan = planMemory(request);
  const { shape, args } = request;
  const heads = headProblem(shape, args.tpSize);
  if (heads !== undefined) {
    const cure = "Use fewer GPUs a replica and more replicas.";
    return { request, plan, verdict: { kind: "cannot load", reason: `${upper(heads)}.`, cure } };
  }
  const issues = issuesOf(plan);
  if (issues.length === 0) return { request, plan, verdict: { kind: "fits", reason: fitting(plan) } };
  const reason = issues.map((issue) => sentence(issue, request, plan)).join(" ");
  const kind = issues.includes("pool") || issues.includes("rest") ? "cannot load" : "tight";
  return { request, plan, verdict: { kind, reason, cure: cureOf(request, issues) } };
}

function fitting(plan: MemoryPlan): string {
  const atOnce = (plan.tokens / plan.contextLength).toFixed(1);
  return `The pool holds ${whole(plan.tokens)} tokens, ${atOnce} requests of ${whole(plan.contextLength)}; ${gibibytes(plan.left)} are left where work needs about ${gibibytes(plan.working)}.`;
}

function sentence(issue: Issue, { args }: MemoryRequest, plan: MemoryPlan): string {
  const { memFractionStatic: fraction } = args;
  const share = `${fraction} of ${gibibytes(plan.free)} free`;
  switch (issue) {
    case "pool":
      return `The weights take ${gibibytes(plan.weights)}, and ${share} is ${gibibytes(plan.free * fraction)}: the server stops with "Not enough memory".`;
    case "rest":
      return `${share} leaves ${gibibytes(plan.free * (1 - fraction))} for the request table (${gibibytes(plan.requestTable)}), the CUDA graphs (about ${gibibytes(plan.graphs)}) and the front process (${gibibytes(plan.frontProcess)}): memory ends while the server starts.`;
    case "context":
      return `The pool holds ${whole(plan.tokens)} tokens: a prompt of the full ${whole(plan.contextLength)} is refused.`;
    case "working":
      return `${gibibytes(plan.left)} are left where work needs about ${gibibytes(plan.working)}: a long video may end the engine with "CUDA out of memory".`;
    default:
      return issue satisfies never;
  }
}

/** Which argument to turn, which way, and how far. */
function cureOf(request: MemoryRequest, issues: readonly Issue[]): string {
  const { args, shape } = request;
  const wanted = args.contextLength ?? shape.contextLength;
  if ((args.maxTotalTokens ?? wanted) < wanted) return `Raise --max-total-tokens to ${wanted}: it caps the pool.`;
  const range = fractionsWhere(request, (plan) => issuesOf(plan).length === 0);
  const isLow = issues.includes("pool") || issues.includes("context");
  if (range !== undefined) {
    const turn = `${isLow ? "Raise" : "Lower"} --mem-fraction-static: ${rangeText(range)} fits`;
    return isLow ? `${turn}.` : `${turn}${fewerRequests(request)}.`;
  }
  const loading = issues.includes("pool") || issues.includes("rest") ? toLoad(request, isLow) : "";
  const better = recommend(request);
  if (better === undefined) return `${loading}Use more or larger GPUs.`;
  const { contextLength, maxRunningRequests, fits } = better;
  const shorter = contextLength === wanted ? "" : `--context-length=${contextLength} `;
  const change = `${shorter}--max-running-requests=${maxRunningRequests}`;
  return `${loading}No fraction fits alone: use more GPUs a replica (--tp-size), or ${change} with ${rangeText(fits)}.`;
}

/** The fewer requests that would do at the same fraction, as the end of a sentence; empty where that is not enough. */
function fewerRequests(request: MemoryRequest): string {
  const { args } = request;
  const few = usefulRequests(args);
  if (args.maxRunningRequests !== undefined && args.maxRunningRequests <= few) return "";
  const plan = planMemory({ ...request, args: { ...args, maxRunningRequests: few } });
  return issuesOf(plan).length === 0 ? `, and so does --max-running-requests=${few}` : "";
}

function toLoad(request: MemoryRequest, isLow: boolean): string {
  const range = fractionsWhere(request, (plan) => plan.tokens > 0 && plan.left >= 0);
  if (range === undefined) return "";
  return isLow
    ? `Raise --mem-fraction-static to ${range.from} or more to load. `
    : `Lower --mem-fraction-static to ${range.to} or less to load. `;
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
