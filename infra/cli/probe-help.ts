import { checks } from "../prober/suite.ts";
import { expectFields } from "./probe-flags.ts";

/** `keye probe --help`. */
export const probeHelp = `keye probe --base-url URL [options]
       keye probe --service NAME [options]

Asks an OpenAI-compatible server the questions that gate a rollout, and says pass, fail or inconclusive.
Progress goes to stderr, --json to stdout.

  keye probe --base-url http://127.0.0.1:8000 --profile smoke --report junit=out.xml --report html=out.html
  keye probe --service keye-candidate --namespace keye --profile gate

Whom to ask
  --base-url URL         such as http://127.0.0.1:8000 (no /v1)
  --service NAME         every ready pod of this Service, each for itself: one that is unfit fails the run
  --namespace NS         of the Service (default: that of the kubeconfig's context)
  --context CTX          context of the kubeconfig (default: its current one)
  --kubeconfig FILE      (default: KUBECONFIG, ~/.kube/config, or inside of a pod its own account)
  --transport KIND       port-forward (default): through the API server.
                         in-cluster: by the pods' own addresses, from inside the cluster
  --pods N               ready pods that there must be (default 1)
  --wait SECONDS         how long they may take to become ready (default 0)
  --parallel N           pods that are asked at once (default 4)

What to ask
  --profile NAME         smoke (default): is it the declared engine, and does it answer? Seconds.
                         gate: all that a promotion asks of each pod. Minutes.
                         soak: more of it, with enough samples for a claim.
  --disposable           with soak: sends wrong requests too, after which the engine never drains: throw it away
  --suite FILE           your own checks, in YAML; they run after the others
  --only CHECK           asks this check and no other; repeat it
  --exclude CHECK        leaves this check out; repeat it
  --seed N               the questions and pictures of an earlier run again (each report names its seed)

What to want
  --expect FIELD=VALUE   what the engine must report of itself; repeat it
                         ${inRows(expectFields, 5).join(",\n                         ")}
  --spec FILE            a probe spec in JSON, as the ConfigMap of a revision holds under probe.json
  --baseline FILE        what an engine that was found good said; golden compares with it
  --passes N             right answers in a row that are needed (default 1 for smoke, else 3)
  --fail-on SEVERITY     critical (default): a failed warning is only told. warning: it fails the run
  --deadline SECONDS     for everything (default 120 for smoke, else 600)

What to keep
  --report FORMAT=FILE   writes a report; repeat it. Formats:
                         json         the source of all others; its JSON Schema is docs/schema/probe-report.schema.json
                         junit        one test case a check, for CI
                         markdown     for a job summary or a pull request
                         html         one page that needs no network, with the pictures that were sent
                         prometheus   for node_exporter's textfile collector
                         termination  one line of at most 4096 bytes, for /dev/termination-log
  --record FILE          where the run passes, asks the golden prompts and keeps the answers as a baseline
  --json                 prints the JSON report to stdout

The API key, if the server wants one, is read from the environment variable KEYE_API_KEY. It is in no report.

Checks
${checks.map(({ name, proves, profiles }) => `  ${name.padEnd(14)} ${proves}\n  ${"".padEnd(14)} (${profiles.join(", ")})`).join("\n")}

Exit codes
  0    pass
  1    fail: a wrong answer
  2    bad input: nothing was asked
  3    inconclusive: no answer, no ready pod, nothing that could be judged, or the deadline
  4    no such Service, a report that cannot be written, or something that this machine lacks
  130  cancelled by SIGINT or SIGTERM; the reports hold what had come back. A second signal ends at once, without any
`;

/** Names, so many a row. */
function inRows(names: readonly string[], perRow: number): readonly string[] {
  return names.flatMap((_, index) => (index % perRow === 0 ? [names.slice(index, index + perRow).join(", ")] : []));
}
