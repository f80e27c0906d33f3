import { headProblem, issuesOf } from "./issues.ts";
import { usefulRequests } from "./memory-arguments.ts";
import { type MemoryPlan, type MemoryRequest, planMemory } from "./memory-plan.ts";

/** What the authors of the model run; where it fits, nothing else is recommended. */
const authorsFraction = 0.8;

/** The least and the greatest memory fraction, in hundredths, with which all is well. */
export interface FractionRange {
  readonly from: number;
  readonly to: number;
}

/** Arguments with which all is well. */
export interface Recommendation {
  readonly memFractionStatic: number;
  /** The fractions with which the other two values fit. */
  readonly fits: FractionRange;
  readonly maxRunningRequests: number;
  /** Tokens: the wanted context, or the longest of whole 1024 that fits. */
  readonly contextLength: number;
}

const hundredths = Array.from({ length: 99 }, (_, index) => (index + 1) / 100);

/** The plans of every memory fraction from 0.01 to 0.99. */
function plansOf(request: MemoryRequest): readonly { readonly fraction: number; readonly plan: MemoryPlan }[] {
  return hundredths.map((fraction) => {
    const args = { ...request.args, memFractionStatic: fraction };
    return { fraction, plan: planMemory({ ...request, args }) };
  });
}

/** The fractions whose plans pass a test, which lie side by side for every test of a plan's issues. Undefined where none does. */
export function fractionsWhere(
  request: MemoryRequest,
  passes: (plan: MemoryPlan) => boolean,
): FractionRange | undefined {
  const passing = plansOf(request).filter(({ plan }) => passes(plan));
  const [first] = passing;
  const last = passing.at(-1);
  return first === undefined || last === undefined ? undefined : { from: first.fraction, to: last.fraction };
}

/**
 * The best that the GPUs can do: the wanted context, or where no fraction holds one request of it beside the working space,
 * the longest that one does. Requests beyond the largest CUDA graph would only cost table and speed, so that is how many are
 * recommended unless another number was asked for. Undefined where not even 1024 tokens fit, or the heads cannot be split.
 */
export function recommend(request: MemoryRequest): Recommendation | undefined {
  const { args, shape } = request;
  if (headProblem(shape, args.tpSize) !== undefined) return undefined;
  const maxRunningRequests = args.maxRunningRequests ?? usefulRequests(args);
  const wanted = args.contextLength ?? shape.contextLength;
  const at = (contextLength: number) => ({ ...request, args: { ...args, maxRunningRequests, contextLength } });
  const fitting = (contextLength: number) => fractionsWhere(at(contextLength), (plan) => issuesOf(plan).length === 0);
  const contextLength = fitting(wanted) === undefined ? longestContext(wanted, fitting) : wanted;
  const fits = contextLength > 0 ? fitting(contextLength) : undefined;
  if (fits === undefined) return undefined;
  const memFractionStatic = Math.min(Math.max(authorsFraction, fits.from), fits.to);
  return { memFractionStatic, fits, maxRunningRequests, contextLength };
}

/** The most of whole 1024 tokens below `wanted` that fits, by halving: what fits also fits a shorter context. 0 for none. */
function longestContext(wanted: number, fitting: (contextLength: number) => FractionRange | undefined): number {
  let [fits, fails] = [0, Math.ceil(wanted / 1024)];
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    if (fitting(middle * 1024) === undefined) fails = middle;
    else fits = middle;
  }
  return fits * 1024;
}
