import { objectOf, parseJsonObject } from "../chat.ts";
import { type Finding, unanswered } from "../check.ts";
import { effective } from "../checks/attestation.ts";
import type { Session } from "../session.ts";

/** What an engine was when its answers were recorded. Null: not known. */
export interface RecordedEngine {
  /** `--model-path`. */
  readonly modelPath: string | null;
  /** `--revision`: commit of the weights; `none` where the engine was given none. */
  readonly modelRevision: string | null;
  /** `none` for weights as they are. */
  readonly quantization: string | null;
  readonly kvCacheDtype: string | null;
  /** Node label `nvidia.com/gpu.product`: only who sees the node knows it. */
  readonly gpuProduct: string | null;
  /** Told, never compared, and so are the fields below: a change of them is what the comparison is to judge. */
  readonly servedModelName: string | null;
  readonly imageDigest: string | null;
  /** Of SGLang. */
  readonly version: string | null;
}

/** Every field of {@link RecordedEngine}. */
const engineFields = [
  "modelPath",
  "modelRevision",
  "quantization",
  "kvCacheDtype",
  "gpuProduct",
  "servedModelName",
  "imageDigest",
  "version",
] as const satisfies readonly (keyof RecordedEngine)[];

/** What must be the same for a comparison to be fair. */
const fixedFields = [
  "modelPath",
  "modelRevision",
  "quantization",
  "kvCacheDtype",
  "gpuProduct",
] as const satisfies readonly (keyof RecordedEngine)[];

/** Asks the engine what it is; a finding where it does not answer. What is not an SGLang server is not known. */
export async function describeEngine(session: Session, timeout: number): Promise<RecordedEngine | Finding> {
  const path = "/server_info";
  const result = await session.ask({ method: "GET", path, timeout });
  if (result.kind === "noAnswer") return unanswered(`GET ${path}`, result.reason);
  const server = (result.status === 200 ? parseJsonObject(result.body) : undefined) ?? {};
  const told = (field: string) => textOrNull(field in server ? effective(server, field) : undefined);
  return {
    modelPath: told("model_path"),
    modelRevision: told("revision"),
    quantization: told("quantization"),
    kvCacheDtype: told("kv_cache_dtype"),
    gpuProduct: session.target.gpuProduct ?? null,
    servedModelName: told("served_model_name"),
    imageDigest: null,
    version: told("version"),
  };
}

/** Whether anything is known of what a fair comparison asks for. */
export function isIdentified(engine: RecordedEngine): boolean {
  return fixedFields.some((field) => engine[field] !== null);
}

/** Why answers of these two say nothing of each other, with both values; undefined where they can be compared. */
export function whyIncomparable(recorded: RecordedEngine, running: RecordedEngine): string | undefined {
  const other = fixedFields.find((field) => {
    const [was, is] = [recorded[field], running[field]];
    return was !== null && is !== null && was !== is;
  });
  return (
    other &&
    `${other} was ${JSON.stringify(recorded[other])} when it was recorded, here it is ${JSON.stringify(running[other])}`
  );
}

/** Reads {@link RecordedEngine} from JSON, in which fields may be missing; or says in a few words what is wrong with it. */
export function parseRecordedEngine(value: unknown): RecordedEngine | string {
  const object = objectOf(value);
  if (object === undefined) return "wanted an object.";
  const wrong = engineFields.find((field) => !isTextOrNull(object[field] ?? null));
  if (wrong !== undefined) return `${wrong}: wanted a text or null, got ${JSON.stringify(object[wrong])}.`;
  const told = (field: keyof RecordedEngine) => textOrNull(object[field]);
  return {
    modelPath: told("modelPath"),
    modelRevision: told("modelRevision"),
    quantization: told("quantization"),
    kvCacheDtype: told("kvCacheDtype"),
    gpuProduct: told("gpuProduct"),
    servedModelName: told("servedModelName"),
    imageDigest: told("imageDigest"),
    version: told("version"),
  };
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
