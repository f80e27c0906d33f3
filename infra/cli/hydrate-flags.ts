import type { Seconds } from "../core/units.ts";
import type { FileChoice } from "../supply/hub/file-choice.ts";
import { parseSource, type Source } from "../supply/hub/source.ts";
import { parseFlags, usageError } from "./flags.ts";

/** The command line of `keye hydrate`. */
export interface HydrateFlags {
  readonly source: Source;
  readonly revision: string;
  /** Absent with `--list`. */
  readonly dir: string | undefined;
  readonly choice: FileChoice;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly parallelism: number;
  readonly isVerified: boolean;
  readonly deadlineSeconds: Seconds;
  readonly termination: string | undefined;
}

/** What each source calls its newest state; S3 and HTTP have one state only. */
const mainRevision = { huggingface: "main", modelscope: "master", s3: "latest", http: "latest" } as const;

/** Reads the command line. Throws `CONFIG_USAGE`. */
export function parseHydrateFlags(args: readonly string[]): HydrateFlags {
  const { values, positionals } = parseFlags("hydrate", args, {
    source: { type: "string" },
    revision: { type: "string" },
    to: { type: "string" },
    list: { type: "boolean", default: false },
    include: { type: "string", multiple: true, default: [] },
    exclude: { type: "string", multiple: true, default: [] },
    endpoint: { type: "string" },
    region: { type: "string" },
    parallel: { type: "string", default: "8" },
    verify: { type: "boolean", default: false },
    deadline: { type: "string", default: "21600" },
    termination: { type: "string" },
  });
  if (positionals.length > 0) throw usageError("hydrate", `unexpected ${positionals.join(" ")}.`);
  if (values.source === undefined) throw usageError("hydrate", "say where from: --source.");
  if (values.list === (values.to !== undefined)) throw usageError("hydrate", "say where to, or --list: one of them.");
  const source = parseSource(values.source);
  return {
    source,
    revision: textOf("revision", values.revision) ?? mainRevision[source.kind],
    dir: textOf("to", values.to),
    choice: { include: values.include, exclude: values.exclude },
    endpoint: endpointOf(values.endpoint, source),
    region: textOf("region", values.region),
    parallelism: numberOf("parallel", values.parallel, 64),
    isVerified: values.verify,
    deadlineSeconds: numberOf("deadline", values.deadline, 604_800),
    termination: textOf("termination", values.termination),
  };
}

function textOf(flag: string, value: string | undefined): string | undefined {
  if (value === "") throw usageError("hydrate", `--${flag} is empty.`);
  return value;
}

function endpointOf(value: string | undefined, source: Source): string | undefined {
  if (value === undefined) return undefined;
  if (source.kind === "http") throw usageError("hydrate", "--endpoint: an http source is its own endpoint.");
  const isUrl = URL.canParse(value.replace("{bucket}", "bucket")) && /^https?:\/\//.test(value);
  if (!isUrl) throw usageError("hydrate", `--endpoint "${value}" is no http or https URL.`);
  const { username, password } = new URL(value.replace("{bucket}", "bucket"));
  if (username !== "" || password !== "") throw usageError("hydrate", "--endpoint holds a user or a password.");
  return value;
}

function numberOf(flag: string, value: string, most: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= most) return number;
  throw usageError("hydrate", `--${flag} "${value}" is no whole number from 1 to ${most}.`);
}
