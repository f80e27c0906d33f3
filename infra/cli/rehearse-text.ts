import { kubernetesProvider } from "../rehearsal/environment.ts";
import { groupProgram } from "../rehearsal/groups/group-controller.ts";
import type { RehearsalState } from "../rehearsal/state.ts";

/** A running rehearsal for people; `env` decides which provider its stacks get. */
export function describeRehearsal(state: RehearsalState, env: Readonly<Record<string, string | undefined>>): string {
  const { name, server, startedAt, kubeconfig, supervisor, children, proxies } = state;
  const services = proxies.map(({ namespace, service, port, url }) => `  ${namespace}/${service}:${port}  ${url}`);
  const hasGroups = children.some((child) => child.name === groupProgram);
  const groups = hasGroups
    ? `LeaderWorkerSets, kept by ${groupProgram}`
    : `none: ${groupProgram} was missing at the start; ./scripts/toolchain --groups builds it`;
  return [
    `Rehearsal "${name}" at ${server}, since ${startedAt}`,
    `  kubeconfig  ${kubeconfig}`,
    `  provider    kubernetes: ${kubernetesProvider(env)}`,
    `  groups      ${groups}`,
    `  processes   ${[supervisor, ...children].map((one) => `${one.name} ${one.pid}`).join(", ")}`,
    ...(services.length === 0 ? [] : ["Services:", ...services]),
  ].join("\n");
}
