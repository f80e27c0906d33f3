import { DeployError } from "../core/errors.ts";
import { argumentsAbove } from "../process/ancestors.ts";

const goesOn = "goes on after a failed gate, and may then delete what serves";

/** Switches of the Pulumi engine and its Kubernetes provider under which a rollout is not safe, and what each would do. */
const forbidden: Readonly<Record<string, string>> = {
  PULUMI_CONTINUE_ON_ERROR: goesOn,
  // The CLI takes any of its flags from the environment.
  PULUMI_OPTION_CONTINUE_ON_ERROR: goesOn,
  PULUMI_K8S_SKIP_UPDATE_UNREACHABLE: "reports success when the cluster was never reached",
  PULUMI_K8S_DELETE_UNREACHABLE: "forgets objects that still run when the cluster cannot be reached",
};

/** Throws `ENV_FORBIDDEN_VARIABLE` that names every such variable which is switched on. */
export function refuseForbiddenVariables(env: Readonly<Record<string, string | undefined>>): void {
  const found = Object.entries(forbidden).filter(([name]) => isOn(env[name]));
  if (found.length === 0) return;
  const names = found.map(([name]) => name);
  throw new DeployError({
    code: "ENV_FORBIDDEN_VARIABLE",
    where: names.join(", "),
    message: `Set in the environment: ${found.map(([name, effect]) => `${name} ${effect}`).join("; ")}.`,
    hint: `Run: unset ${names.join(" ")}`,
  });
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !["", "0", "false"].includes(value.toLowerCase());
}

/**
 * Throws `ENV_FORBIDDEN_VARIABLE` where the CLI was given the flag that does as `PULUMI_CONTINUE_ON_ERROR` does. The engine
 * does not tell a program of it, so it is looked for among the CLI's arguments, as far as the system tells them.
 */
export function refuseForbiddenFlags(args: readonly string[] = argumentsAbove("pulumi")): void {
  const given = args.find((arg) => /^--continue-on-error(=|$)/.test(arg) && isOn(arg.split("=")[1] ?? "true"));
  if (given === undefined) return;
  throw new DeployError({
    code: "ENV_FORBIDDEN_VARIABLE",
    where: given,
    message: `Given to pulumi: ${given} ${goesOn}.`,
    hint: "Run it without.",
  });
}
