import fc from "fast-check";

/** A way in which the world may be disturbed. */
export const disturbances = [
  "api-error",
  "api-outage",
  "hang",
  "cancel",
  "lose-lease",
  "steal-lease",
  "die",
  "die-after",
  "restart-new",
  "delete-new",
  "restart-old",
  "delete-old",
  "evict-new",
  "evict-old",
  "new-wrong",
  "new-silent",
  "new-wrong-in-service",
  "old-wrong",
  "new-crashes",
  "new-never-ready",
  "new-unschedulable",
  "new-refused",
  "scale-old-up",
  "scale-old-down",
  "scale-new-up",
  "scale-new-down",
  "select-nothing",
  "select-old",
  "select-new",
  "select-third",
] as const;

export type Disturbance = (typeof disturbances)[number];

/** When: at the so-manieth call to the world of all, or of one kind. */
export interface Moment {
  /** Absent: of any kind. */
  readonly call?: string;
  readonly count: number;
}

export interface Disturbed {
  readonly at: Moment;
  readonly what: Disturbance;
}

export type Strategy = "blueGreen" | "canary" | "recreate";

/** One life of an app: some updates that are disturbed, then one that is not. */
export interface Schedule {
  readonly strategy: Strategy;
  readonly isFirst: boolean;
  readonly replicas: number;
  /** Replicas for which there are GPUs beside those that the old revision holds. */
  readonly spare: number;
  /** Disturbances of each update, the last one excepted. */
  readonly runs: readonly (readonly Disturbed[])[];
  /** What the last update asks for, and by which strategy. */
  readonly last: { readonly revision: "new" | "old"; readonly strategy: Strategy };
}

/** Where the narrow gaps are: around proofs, labels, switches, and what follows them. */
const closeCalls = [
  "acquire",
  "observe",
  "candidate",
  "capacity",
  "scale",
  "probePod",
  "saveEvidence",
  "assertHeld",
  "switchTraffic",
  "switched",
  "markPod",
  "probeService",
  "runningRequests",
  "release",
];

const moment: fc.Arbitrary<Moment> = fc.oneof(
  fc.record({ count: fc.integer({ min: 1, max: 220 }) }),
  fc.record({ call: fc.constantFrom(...closeCalls), count: fc.integer({ min: 1, max: 12 }) }),
);

const disturbed: fc.Arbitrary<Disturbed> = fc.record({ at: moment, what: fc.constantFrom(...disturbances) });

/** Any schedule of one strategy. */
export function schedules(strategy: Strategy): fc.Arbitrary<Schedule> {
  return fc
    .record({
      isFirst: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      replicas: fc.constantFrom(2, 3),
      extra: fc.nat({ max: 1 }),
      runs: fc.oneof(
        { weight: 3, arbitrary: fc.tuple(fc.array(disturbed, { minLength: 1, maxLength: 3 })) },
        {
          weight: 1,
          arbitrary: fc.tuple(
            fc.array(disturbed, { minLength: 1, maxLength: 2 }),
            fc.array(disturbed, { minLength: 1, maxLength: 2 }),
          ),
        },
      ),
      last: fc.record({
        revision: fc.oneof(
          { weight: 3, arbitrary: fc.constant("new" as const) },
          { weight: 1, arbitrary: fc.constant("old" as const) },
        ),
        strategy: fc.oneof(
          { weight: 4, arbitrary: fc.constant(strategy) },
          { weight: 1, arbitrary: fc.constantFrom<Strategy>("canary", "recreate") },
        ),
      }),
    })
    .map(({ isFirst, replicas, extra, runs, last }) => ({
      strategy,
      isFirst,
      replicas,
      spare: strategy === "blueGreen" ? replicas : extra,
      runs,
      last: { ...last, revision: isFirst ? ("new" as const) : last.revision },
    }));
}
