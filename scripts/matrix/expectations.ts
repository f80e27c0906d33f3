import type { Deploy, Ending, Expectation, Strategy } from "./row.ts";

type Expect = (strategy: Strategy, deploy: Deploy) => Expectation;

/** Without spare GPUs somebody has to go first. */
function clients(strategy: Strategy, deploy: Deploy): "unharmed" | "outage" {
  return strategy === "recreate" && deploy === "upgrade" ? "outage" : "unharmed";
}

/** The candidate is rejected: what served before serves, whole, and no GPU is held. */
export function rejected(
  code: string,
  next: { readonly ends?: Ending; readonly change?: Partial<Expectation> } = {},
): Expect {
  const { ends = "refused at once", change = {} } = next;
  return (strategy, deploy) => ({
    ends: ["refused"],
    code,
    serves: [deploy === "first" ? "nobody" : "old"],
    isParked: true,
    clients: clients(strategy, deploy),
    next: [ends],
    ...(ends === "refused" || ends === "refused at once" ? { nextCode: code } : {}),
    ...change,
  });
}

/** The candidate serves in the end, whatever happened on the way. */
export function promoted(change: Partial<Expectation> = {}): Expect {
  return (strategy, deploy) => ({
    ends: ["promoted"],
    serves: ["new"],
    clients: clients(strategy, deploy),
    next: ["unchanged"],
    ...change,
  });
}

/** The run is killed and undoes nothing; the next one goes on from what is there. */
export function killed(serves: Expectation["serves"], change: Partial<Expectation> = {}): Expect {
  return (strategy, deploy) => ({
    ends: ["killed"],
    serves: deploy === "first" ? serves.map((who) => (who === "old" ? "nobody" : who)) : serves,
    clients: clients(strategy, deploy),
    next: ["promoted", "verified"],
    ...change,
  });
}
