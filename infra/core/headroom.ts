import type { GrowthInputs } from "./promotion-inputs.ts";

/** Arguments of the function `rollgate:index:planHeadroom`. */
export interface PlanHeadroomArgs {
  readonly context?: string;
  readonly namespace: string;
  readonly app: string;
  /** Name of the live Service. */
  readonly service: string;
  /** The revision to come. */
  readonly revision: string;
  readonly replicas: number;
  /** Pods that one replica is. @default 1 */
  readonly podsPerReplica?: number;
  /** Spec of the revision's pod template, in the API's own shape. */
  readonly podSpec: object;
  /** Labels that nodes will have once the stack has adopted them, by the labels that find them. */
  readonly adopted: readonly {
    readonly selector: Readonly<Record<string, string>>;
    readonly labels: Readonly<Record<string, string>>;
  }[];
  /** Absent: the nodes are those that exist. */
  readonly growth?: GrowthInputs;
}

/** A way of replacing the stable revision that can be worked out beforehand. */
type PlannedStrategy = "blueGreen" | "canary" | "recreate";

/** What `rollgate:index:planHeadroom` returns. */
export interface PlanHeadroomResult {
  /** The GPU ledger, each strategy and the choice, for people. */
  readonly lines: readonly string[];
  /** The strategy that `auto` comes to; absent where none can end. */
  readonly choice?: PlannedStrategy;
  /** In one sentence without its full stop, what speaks for the choice, or against all. */
  readonly because: string;
  /** Why a rollout cannot end by a strategy; without those by which it can. Empty where the revision serves already. */
  readonly refusals: { readonly [strategy in PlannedStrategy]?: { readonly message: string; readonly hint: string } };
  /** Whether another revision serves now, and would have to make room. */
  readonly isReplacing: boolean;
}
