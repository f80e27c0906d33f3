import { engineFacts } from "../spec/memory/engine-facts.ts";
import { type Assumption, assumptionsIn } from "../spec/memory/fact.ts";
import { defaultMemFraction } from "../spec/memory/memory-plan.ts";
import { recommend } from "../spec/memory/recommend.ts";
import type { Judged } from "../spec/memory/verdict.ts";
import { gibibytes, rangeText, whole } from "../spec/memory/wording.ts";
import type { PlanOrder } from "./plan-flags.ts";

const columns = [
  "tp",
  "fraction",
  "weights",
  "KV tokens",
  "full requests",
  "request table",
  "graphs",
  "left",
  "needed",
  "pictures",
  "verdict",
];

/** The plans for people: a table, the reasons, what is recommended, and what all of it rests on. */
export function planText({ model, gpu }: PlanOrder, judged: readonly Judged[]): string {
  const [first] = judged;
  const context = first?.plan.contextLength ?? model.shape.contextLength;
  const running = first?.request.args.maxRunningRequests;
  const free = gibibytes(first?.plan.free ?? 0);
  return [
    `${model.name} on ${gpu.name}: ${whole(gpu.memoryMiB.value)} MiB, ${free} of it free before the weights.`,
    `Context ${whole(context)} tokens, ${running === undefined ? "as many requests at once as the server chooses" : `${running} requests at once`}.`,
    "",
    ...table([columns, ...judged.map(cells)]),
    "full requests: of the whole context, in the pool at once. pictures: of the greatest size, in one request.",
    "",
    ...section(
      "Why",
      grouped(judged, ({ verdict }) => (verdict.kind === "fits" ? undefined : verdict.reason)),
    ),
    ...section(
      "What to turn",
      grouped(judged, ({ verdict }) => verdict.cure),
    ),
    ...section("Recommended", recommendations(judged)),
    ...section("Taken on trust", assumptionLines(assumptionsOf(model, gpu))),
  ].join("\n");
}

/** Everything that a plan of this model on this GPU takes on trust. */
export function assumptionsOf(model: PlanOrder["model"], gpu: PlanOrder["gpu"]): readonly Assumption[] {
  return [
    ...assumptionsIn(model.facts),
    ...assumptionsIn({ gpuMemoryMiB: gpu.memoryMiB }),
    ...assumptionsIn(engineFacts),
  ];
}

function cells({ request, plan, verdict }: Judged): readonly string[] {
  const { tpSize, memFractionStatic } = request.args;
  const head = [String(tpSize), memFractionStatic.toFixed(2), gibibytes(plan.weights)];
  if (verdict.kind === "cannot load") return [...head, ...columns.slice(head.length, -1).map(() => "-"), verdict.kind];
  const { requestTable, graphs, left, working } = plan;
  const fullRequests = (plan.tokens / plan.contextLength).toFixed(2);
  const sizes = [requestTable, graphs, left, working].map(gibibytes);
  return [...head, whole(plan.tokens), fullRequests, ...sizes, String(plan.pictures), verdict.kind];
}

/** Columns under their names, numbers at the right, the verdict at the left. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === columns.length - 1 ? cell : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ""];
}

/** What a verdict says, one line for all rows of a number of GPUs that say the same. */
function grouped(judged: readonly Judged[], says: (one: Judged) => string | undefined): readonly string[] {
  const rows = judged.flatMap((one) => {
    const text = says(one);
    const { tpSize, memFractionStatic } = one.request.args;
    return text === undefined ? [] : [{ tpSize, fraction: memFractionStatic, text }];
  });
  const firsts = rows.filter((row, place) => rows.findIndex((other) => isSame(row, other)) === place);
  return firsts.map((first) => {
    const fractions = rows.filter((row) => isSame(row, first)).map(({ fraction }) => fraction);
    return `tp ${first.tpSize}, ${fractions.join(" ")}: ${first.text}`;
  });
}

interface Said {
  readonly tpSize: number;
  readonly text: string;
}

function isSame(a: Said, b: Said): boolean {
  return a.tpSize === b.tpSize && a.text === b.text;
}

function recommendations(judged: readonly Judged[]): readonly string[] {
  const tpSizes = [...new Set(judged.map(({ request }) => request.args.tpSize))];
  return tpSizes.flatMap((tpSize) => {
    const request = judged.find((one) => one.request.args.tpSize === tpSize)?.request;
    if (request === undefined) return [];
    const best = recommend(request);
    if (best === undefined) return [`tp ${tpSize}: nothing fits`];
    const wanted = request.args.contextLength ?? request.shape.contextLength;
    const context = best.contextLength === wanted ? "" : ` --context-length=${best.contextLength}`;
    const flags = `--mem-fraction-static=${best.memFractionStatic} --max-running-requests=${best.maxRunningRequests}${context}`;
    const own = `the server's own choice is ${defaultMemFraction(request)}`;
    return [`tp ${tpSize}: ${flags} (${rangeText(best.fits)} fits; ${own})`];
  });
}

/** Numbers with the same origin share a line. */
function assumptionLines(assumptions: readonly Assumption[]): readonly string[] {
  const origins = [...new Set(assumptions.map(({ basis, source }) => `${basis}, ${source}`))];
  return origins.map((origin) => {
    const numbers = assumptions.filter(({ basis, source }) => `${basis}, ${source}` === origin);
    return `${numbers.map(({ name, value }) => `${name} ${value}`).join(", ")}: ${origin}`;
  });
}
