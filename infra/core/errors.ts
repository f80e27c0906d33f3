/**
 * Every code a {@link DeployError} can carry. `docs/errors.md` gives cause and cure for each one.
 *
 * Prefixes: `CONFIG_` settings, `ENV_` the machine or the cluster that we run against, `E_` a rollout, `GATE_` a verdict.
 */
export type ErrorCode =
  | "CONFIG_INVALID"
  | "CONFIG_FILE"
  | "CONFIG_USAGE"
  | "CONFIG_LOCK"
  | "ENV_KUBECONFIG"
  | "ENV_UNREACHABLE"
  | "ENV_HELM"
  | "ENV_TOOL"
  | "ENV_FORBIDDEN_VARIABLE"
  | "ENV_PORT_TAKEN"
  | "ENV_READ_ONLY"
  | "ENV_NOT_RUNNING"
  | "POOL_MISMATCH"
  | "CLAIM_MISMATCH"
  | "E_API"
  | "E_CAPACITY"
  | "E_IMAGE"
  | "E_SUPPLY"
  | "E_BUILD"
  | "E_WATCHDOG"
  | "E_CONFIG"
  | "E_CRASH"
  | "E_OOM"
  | "E_UNSCHEDULABLE"
  | "E_QUOTA"
  | "E_GPU"
  | "E_EVICTED"
  | "E_NODE"
  | "E_SLOW_START"
  | "E_IDENTITY"
  | "E_PROBE"
  | "E_CONFLICT"
  | "E_LOCKED"
  | "E_CANCELLED"
  | "E_POSTVERIFY"
  | "E_ROLLBACK_FAILED"
  | "E_NO_TARGET"
  | "GATE_FAILED"
  | "GATE_INCONCLUSIVE"
  | "GATE_DEADLINE";

/** What a {@link DeployError} is made of. */
export interface DeployErrorParts {
  readonly code: ErrorCode;
  /** The object, setting path or file that the error is about, such as `keye/pod/keye-1a2b3c4d5e-x7k2p`. */
  readonly where: string;
  /** What happened, with got and wanted. Ends in a full stop. */
  readonly message: string;
  /** What to do next: a sentence or a command. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The one error class of the house. Its text is `CODE: where: message hint`, ready to be shown to a person.
 *
 * Branch on `code`, never on the text.
 */
export class DeployError extends Error {
  readonly code: ErrorCode;
  readonly where: string;
  readonly hint: string | undefined;

  constructor(parts: DeployErrorParts) {
    const hint = parts.hint === undefined ? "" : ` ${parts.hint}`;
    super(`${parts.code}: ${parts.where}: ${parts.message}${hint}`, { cause: parts.cause });
    this.name = "DeployError";
    this.code = parts.code;
    this.where = parts.where;
    this.hint = parts.hint;
  }
}

/** The text of anything that was thrown, without a stack. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Why a file of JSON could not be read, without what stands in it: the file may be another one than was meant. */
export function jsonFault(thrown: unknown): string {
  if (!(thrown instanceof SyntaxError)) return faultLine(thrown);
  const place = /\(line \d+ column \d+\)/.exec(thrown.message)?.[0];
  return place === undefined ? "it is no JSON" : `it is no JSON ${place}`;
}

/** The first line of {@link textOf}, without the colon or full stop at its end: parsers put an excerpt below it. */
export function faultLine(thrown: unknown): string {
  return (textOf(thrown).split("\n")[0] ?? "").replace(/[:.\s]+$/, "");
}
