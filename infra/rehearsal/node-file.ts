import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { DeployError, faultLine } from "../core/errors.ts";
import type { GpuShape, NodeShape } from "./nodes.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Shapes from a YAML file: a list under `nodes`. Throws `CONFIG_FILE` with every problem and its path. */
export function readNodeFile(file: string): readonly NodeShape[] {
  let content: unknown;
  try {
    content = parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new DeployError({
      code: "CONFIG_FILE",
      where: file,
      message: `Cannot read it: ${faultLine(error)}.`,
      cause: error,
    });
  }
  const problems: string[] = [];
  const shapes = parseNodes(content, problems);
  if (problems.length === 0) return shapes;
  throw new DeployError({
    code: "CONFIG_FILE",
    where: file,
    message: `${problems.join(" ")}`,
    hint: "A shape is {name, count, cpu, memory, ephemeralStorage?, gpu?: {product, count, memoryMiB, family?, compute?}, labels?, taints?}.",
  });
}

/** Pure part of {@link readNodeFile}: adds a sentence to `problems` for each thing that is wrong. */
export function parseNodes(content: unknown, problems: string[]): NodeShape[] {
  const list = isFields(content) ? content.nodes : undefined;
  if (!Array.isArray(list) || list.length === 0) {
    problems.push("nodes: wants a list of at least one node shape.");
    return [];
  }
  const names = new Set<string>();
  return list.map((entry: unknown, index) => {
    const at = new Reader(`nodes[${index}]`, entry, problems);
    at.refuseUnknown(["name", "count", "cpu", "memory", "ephemeralStorage", "gpu", "labels", "taints"]);
    const name = at.text("name", /^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/, "a DNS label");
    if (names.has(name)) problems.push(`nodes[${index}].name: "${name}" is there twice.`);
    names.add(name);
    return {
      name,
      count: at.count("count", 1),
      cpu: at.text("cpu", quantity, "a quantity such as 192"),
      memory: at.text("memory", quantity, "a quantity such as 2015Gi"),
      ephemeralStorage: at.text("ephemeralStorage", quantity, "a quantity such as 3500Gi", "500Gi"),
      ...(at.has("gpu") ? { gpu: gpuOf(new Reader(`nodes[${index}].gpu`, at.fields.gpu, problems)) } : {}),
      labels: at.labels("labels"),
      taints: at.taints("taints"),
    };
  });
}

const quantity = /^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$/;

function gpuOf(at: Reader): GpuShape {
  at.refuseUnknown(["product", "count", "memoryMiB", "family", "compute"]);
  return {
    product: at.text("product", /^[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$/, "a label value such as NVIDIA-H800"),
    count: at.count("count", undefined),
    memoryMiB: at.count("memoryMiB", undefined),
    family: at.text("family", /^[a-z]+(-[a-z]+)*$/, "a family such as hopper", "hopper"),
    compute: at.text("compute", /^[0-9]+\.[0-9]+$/, 'a capability in quotes such as "9.0"', "9.0"),
  };
}

/** Reads the fields of one object, noting what is wrong with its path. What it then returns is only a stand-in. */
class Reader {
  readonly fields: Fields;
  readonly #path: string;
  readonly #problems: string[];

  constructor(path: string, value: unknown, problems: string[]) {
    this.#path = path;
    this.#problems = problems;
    this.fields = isFields(value) ? value : {};
    if (!isFields(value)) problems.push(`${path}: wants an object.`);
  }

  has(field: string): boolean {
    return this.fields[field] !== undefined;
  }

  refuseUnknown(known: readonly string[]): void {
    for (const field of Object.keys(this.fields)) {
      if (!known.includes(field))
        this.#problems.push(`${this.#path}.${field}: unknown; known are ${known.join(", ")}.`);
    }
  }

  text(field: string, pattern: RegExp, wanted: string, fallback?: string): string {
    const value = this.fields[field] ?? fallback;
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text === "string" && pattern.test(text)) return text;
    this.#problems.push(`${this.#path}.${field}: ${JSON.stringify(value) ?? "missing"}; wants ${wanted}.`);
    return "";
  }

  count(field: string, fallback: number | undefined): number {
    const value = this.fields[field] ?? fallback;
    if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value;
    this.#problems.push(`${this.#path}.${field}: ${JSON.stringify(value) ?? "missing"}; wants a whole number above 0.`);
    return 1;
  }

  labels(field: string): Record<string, string> {
    const value = this.fields[field] ?? {};
    if (isFields(value) && Object.values(value).every((one) => typeof one === "string")) {
      // Checked: each of its values is text.
      return value as Record<string, string>;
    }
    this.#problems.push(`${this.#path}.${field}: wants label values as text, in quotes where they look like numbers.`);
    return {};
  }

  taints(field: string): NodeShape["taints"] {
    const value = this.fields[field] ?? [];
    const isTaint = (one: unknown) =>
      isFields(one) &&
      typeof one.key === "string" &&
      (one.value === undefined || typeof one.value === "string") &&
      ["NoSchedule", "PreferNoSchedule", "NoExecute"].includes(String(one.effect));
    // Checked: each entry is a taint.
    if (Array.isArray(value) && value.every(isTaint)) return value as NodeShape["taints"];
    this.#problems.push(`${this.#path}.${field}: wants a list of {key, value?, effect}.`);
    return [];
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
