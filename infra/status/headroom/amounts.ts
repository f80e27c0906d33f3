import { parseQuantity } from "../../core/quantity.ts";
import type { Container, PodSpec } from "../objects.ts";

/**
 * How much of each resource, in the scheduler's whole units: millicores of `cpu`, bytes of memory and storage, pieces of
 * devices. What is not in it is 0.
 */
export type Amounts = ReadonlyMap<string, number>;

type Quantities = Readonly<Record<string, string>>;

/** The amounts of quantities that the API server has validated; fractions are rounded up, as the scheduler does. */
export function amountsOf(quantities: Quantities = {}): Amounts {
  return new Map(Object.entries(quantities).map(([resource, text]) => [resource, amountOf(resource, text)]));
}

/** One quantity in the scheduler's unit of its resource. */
export function amountOf(resource: string, text: string): number {
  const value = parseQuantity(text) ?? 0;
  // Decimal fractions are not exact: 1.001 cores must not become 1002 millicores.
  return Math.ceil(value * (isCpu(resource) ? 1000 : 1) - 1e-6);
}

/** An amount for people: `1.5`, `192Gi`, `4`. */
export function amountText(resource: string, amount: number): string {
  if (isCpu(resource)) return String(amount / 1000);
  if (!/(^|\.)(memory|ephemeral-storage|hugepages-.*)$/.test(resource)) return String(amount);
  const units = ["Ti", "Gi", "Mi", "Ki"] as const;
  const sizes = { Ti: 2 ** 40, Gi: 2 ** 30, Mi: 2 ** 20, Ki: 2 ** 10 };
  const unit = units.find((one) => Math.abs(amount) >= sizes[one]);
  return unit === undefined ? String(amount) : `${Math.round((amount / sizes[unit]) * 10) / 10}${unit}`;
}

/**
 * What a pod is counted with: its containers and sidecars together, or more where an init container needs more, and the
 * overhead of its runtime.
 * @see k8s.io/component-helpers v0.36, resource/helpers.go, PodRequests
 */
export function podRequests(spec: PodSpec): Amounts {
  return podAmounts(spec, requestsOf, spec.resources?.requests);
}

/** What a pod may use at most, of the resources that it limits. */
export function podLimits(spec: PodSpec): Amounts {
  return podAmounts(spec, ({ resources }) => amountsOf(resources?.limits), spec.resources?.limits);
}

/** What a container asks for: where only a limit is given, the API server takes that. */
export function requestsOf({ resources }: Container): Amounts {
  return amountsOf({ ...resources?.limits, ...resources?.requests });
}

/** The sum, resource by resource. */
export function plus(...terms: readonly Amounts[]): Amounts {
  return merged(terms, (a, b) => a + b);
}

function podAmounts(
  { containers, initContainers = [], overhead }: PodSpec,
  ofContainer: (container: Container) => Amounts,
  ofPod: Quantities = {},
): Amounts {
  let sidecars: Amounts = new Map();
  let starting: Amounts = new Map();
  for (const container of initContainers) {
    const held = plus(sidecars, ofContainer(container));
    if (container.restartPolicy === "Always") sidecars = held;
    starting = merged([starting, held], Math.max);
  }
  const running = plus(sidecars, ...containers.map(ofContainer));
  const all = merged([running, starting], Math.max);
  return plus(new Map([...all, ...amountsOf(ofPod)]), amountsOf(overhead));
}

function merged(terms: readonly Amounts[], join: (a: number, b: number) => number): Amounts {
  const total = new Map<string, number>();
  for (const term of terms) {
    for (const [resource, amount] of term) total.set(resource, join(total.get(resource) ?? 0, amount));
  }
  return total;
}

function isCpu(resource: string): boolean {
  return resource === "cpu" || resource.endsWith(".cpu");
}
