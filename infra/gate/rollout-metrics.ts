import type { EvidenceDocument } from "./evidence.ts";

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly (readonly [Labels, number])[];
}

/**
 * The record of a promotion as Prometheus text, for a node exporter's textfile collector or a push gateway. Seconds
 * throughout; every sample carries namespace, app and revision.
 */
export function rolloutMetrics(evidence: EvidenceDocument): string {
  const { namespace, app, revision } = evidence;
  return metricsOf(evidence)
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, samples }) => {
      const lines = samples.map(([own, value]) => `${name}${labelText({ namespace, app, revision, ...own })} ${value}`);
      return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines, ""].join("\n");
    })
    .join("");
}

function metricsOf({ verdict, durationSeconds, finishedAt, clocks = [], supplied = [] }: EvidenceDocument): Metric[] {
  const spans = clocks.flatMap(({ pod, spans: ofPod }) => ofPod.map((span) => ({ pod, ...span })));
  return [
    {
      name: "keye_rollout_pass",
      help: "Whether the last promotion of this revision passed.",
      samples: [[{}, verdict === "pass" ? 1 : 0]],
    },
    {
      name: "keye_rollout_duration_seconds",
      help: "From the first look to the verdict.",
      samples: [[{}, durationSeconds]],
    },
    {
      name: "keye_rollout_finished_timestamp_seconds",
      help: "When the verdict was reached, as Unix time.",
      samples: [[{}, Math.round(Date.parse(finishedAt) / 1000)]],
    },
    {
      name: "keye_rollout_phase_seconds",
      help: "How long a pod was in a phase of its start.",
      samples: spans.map(({ pod, phase, seconds }) => [{ pod, phase }, seconds]),
    },
    {
      name: "keye_rollout_phase_budget_seconds",
      help: "How long it may be in it.",
      samples: spans.flatMap(({ pod, phase, budgetSeconds }) =>
        budgetSeconds === undefined ? [] : [[{ pod, phase }, budgetSeconds] as const],
      ),
    },
    {
      name: "keye_rollout_supply_seconds",
      help: "How long a Job took to bring weights or an image; 0 where they were there.",
      samples: supplied.map(({ job, kind, node = "", seconds }) => [{ job, kind, node }, seconds]),
    },
  ];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `{${pairs.join(",")}}`;
}
