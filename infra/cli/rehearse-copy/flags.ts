import type { RolloutStrategy } from "../../status/headroom/strategies.ts";
import { parseFlags, usageError } from "../flags.ts";

/** What is to be rehearsed on a copy of which cluster. */
export interface FromContext {
  readonly context: string;
  readonly kubeconfig?: string;
  readonly stackFile: string;
  /** Those that the planner calls possible where absent. */
  readonly strategies?: readonly RolloutStrategy[];
  readonly speed: number;
  readonly name: string;
  readonly isJson: boolean;
}

const strategies: readonly RolloutStrategy[] = ["blueGreen", "canary", "recreate"];

/** Reads the command line. Throws `CONFIG_USAGE`. */
export function fromContextFlags(args: readonly string[]): FromContext {
  const { values, positionals } = parseFlags("rehearse", args, {
    "from-context": { type: "string", default: "" },
    kubeconfig: { type: "string" },
    "stack-file": { type: "string" },
    strategy: { type: "string" },
    speed: { type: "string", default: "10" },
    name: { type: "string", default: "copy" },
    json: { type: "boolean", default: false },
  });
  const [extra] = positionals;
  if (extra !== undefined) throw usageError("rehearse", `--from-context takes no "${extra}".`);
  if (values["from-context"] === "") throw usageError("rehearse", "--from-context wants a context of the kubeconfig.");
  const stackFile = values["stack-file"];
  if (stackFile === undefined) {
    throw usageError("rehearse", "--stack-file is missing: the settings to rehearse, such as Pulumi.prod.yaml.");
  }
  return {
    context: values["from-context"],
    ...(values.kubeconfig === undefined ? {} : { kubeconfig: values.kubeconfig }),
    stackFile,
    ...(values.strategy === undefined ? {} : { strategies: strategiesIn(values.strategy) }),
    speed: speedOf(values.speed),
    name: nameOf(values.name),
    isJson: values.json,
  };
}

/** The name of a rehearsal. Throws `CONFIG_USAGE` for one that is no DNS label. */
export function nameOf(name: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) return name;
  throw usageError("rehearse", `--name "${name}" is no DNS label of at most 40 characters.`);
}

function strategiesIn(list: string): readonly RolloutStrategy[] {
  const names = [...new Set(list.split(",").map((name) => name.trim()))];
  return names.map((name) => {
    const found = strategies.find((strategy) => strategy === name);
    if (found !== undefined) return found;
    throw usageError("rehearse", `--strategy has "${name}"; there are ${strategies.join(", ")}.`);
  });
}

function speedOf(text: string): number {
  const speed = Number(text);
  if (Number.isInteger(speed) && speed >= 1 && speed <= 1000) return speed;
  throw usageError("rehearse", `--speed "${text}" is no whole number from 1 to 1000.`);
}
