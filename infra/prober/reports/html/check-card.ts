import type { ProbePicture } from "../../session.ts";
import type { ReportedCheck } from "../document.ts";
import { type Markup, markup } from "../markup.ts";
import { formatMilliseconds } from "./axis.ts";

/** What was asked and what came of it: shown beside the pictures, not among the other facts. */
const toldFacts = ["question", "expected", "got"];

/** One check: what it proves, what came, the pictures that were sent, what was expected and got, every other fact. */
export function checkCard(check: ReportedCheck, anchor: string, pictures: readonly ProbePicture[]): Markup {
  const { name, outcome, reason, proves, severity, durationSeconds, attempts, transportErrors, facts } = check;
  const retried = transportErrors === 0 ? "" : `, ${plural(transportErrors, "transport error")} retried`;
  const effort = `${formatMilliseconds(durationSeconds * 1000)}, ${plural(attempts, "request")}${retried}`;
  const warning = severity === "warning" ? markup`<span class="badge skipped">warning</span>` : undefined;
  return markup`<article class="card ${outcome}" id="${anchor}">
<header><h3>${name}</h3><span class="badge">${outcome}</span>${warning}<span class="soft">${outcome === "skipped" ? undefined : effort}</span></header>
<p class="reason">${reason}</p>
<p class="soft">${proves}</p>
${told(check)}${pictures.map(figure)}${otherFacts(facts)}</article>
`;
}

function told({ facts, outcome }: ReportedCheck): Markup | undefined {
  const shown = toldFacts.filter((fact) => facts[fact] !== undefined);
  if (shown.length === 0) return undefined;
  const rows = shown.map((fact) => {
    const mark = fact === "got" && outcome === "fail" ? "said differs" : "said";
    return markup`<dt>${fact}</dt><dd class="${mark}" dir="auto">${String(facts[fact])}</dd>`;
  });
  return markup`<dl class="told">${rows}</dl>
`;
}

function figure({ mime, bytes, shows }: ProbePicture): Markup {
  const url = `data:${mime};base64,${Buffer.from(bytes).toString("base64")}`;
  return markup`<figure><img src="${url}" alt="${shows}"><figcaption>sent: ${shows}</figcaption></figure>
`;
}

function otherFacts(facts: ReportedCheck["facts"]): Markup | undefined {
  const shown = Object.entries(facts).filter(([fact]) => !toldFacts.includes(fact));
  if (shown.length === 0) return undefined;
  const rows = shown.map(
    ([fact, value]) =>
      markup`<tr><td>${fact}</td><td class="said">${value === null ? "none" : String(value)}</td></tr>`,
  );
  return markup`<details><summary>${plural(shown.length, "more fact")}</summary><table>${rows}</table></details>
`;
}

function plural(count: number, word: string): string {
  return count === 1 ? `1 ${word}` : `${count} ${word}s`;
}
