import { DeployError, type DeployErrorParts, type ErrorCode } from "../core/errors.ts";
import type { Seconds } from "../core/units.ts";
import type { PhaseName } from "./phases.ts";

/** How a promotion ended that did not pass. `lost`: the Lease went to another writer, so nothing may be written any more. */
export type StopKind = "fail" | "inconclusive" | "cancelled" | "lost";

/** Why a phase ended the promotion. */
export interface StopParts extends DeployErrorParts {
  readonly kind: StopKind;
  /** The last log lines of the engine that is to blame, redacted. */
  readonly logTail?: readonly string[];
  /** Lines that the reason rests on, such as a table of GPUs. */
  readonly details?: readonly string[];
  /** Phase to name instead of the running one. */
  readonly phase?: PhaseName;
  /** Where this verdict is on record already: a rejection whose cool-down lasts. */
  readonly recorded?: { readonly name: string; readonly coolDownLeftSeconds: Seconds };
}

/** Ends a promotion from within a phase. Never leaves `promote`, which turns it into a {@link PromotionFailed}. */
export class PromotionStop extends DeployError {
  readonly kind: StopKind;
  /** The reason alone, without code and place. */
  readonly reason: string;
  readonly logTail: readonly string[];
  readonly details: readonly string[];
  readonly phase: PhaseName | undefined;
  readonly recorded: StopParts["recorded"];

  constructor(parts: StopParts) {
    super(parts);
    this.name = "PromotionStop";
    this.kind = parts.kind;
    this.reason = parts.message;
    this.logTail = parts.logTail ?? [];
    this.details = parts.details ?? [];
    this.phase = parts.phase;
    this.recorded = parts.recorded;
  }
}

/** What a failed promotion tells its caller, beside the text. */
export interface FailureParts {
  readonly code: ErrorCode;
  readonly where: string;
  readonly phase: PhaseName;
  readonly kind: StopKind;
  /** The whole postmortem; the first line alone says what happened. */
  readonly report: string;
  /** Name of the evidence ConfigMap, where it could be written. */
  readonly evidence?: string;
  readonly cause?: unknown;
}

/**
 * A promotion that did not pass and left the cluster as it should be: the stable revision serves, the candidate is parked.
 *
 * `message` is the postmortem, several lines long, made to be printed as it is.
 */
export class PromotionFailed extends DeployError {
  readonly phase: PhaseName;
  readonly kind: StopKind;
  readonly evidence: string | undefined;

  constructor(parts: FailureParts) {
    super({ code: parts.code, where: parts.where, message: parts.report, cause: parts.cause });
    this.name = "PromotionFailed";
    this.message = parts.report;
    this.phase = parts.phase;
    this.kind = parts.kind;
    this.evidence = parts.evidence;
  }
}

/** What is known after a compensation that did not succeed. */
export interface RollbackParts extends FailureParts {
  /** `<namespace>/<app>`. */
  readonly id: string;
  /** Outputs as far as they are known, for the state. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly reasons: readonly string[];
}

/**
 * A promotion that did not pass and could not clean up behind itself: a person should look.
 *
 * `id`, `properties` and `reasons` are what Pulumi's provider server packs as an initialization error, so that the
 * resource is kept in the state, marked, and the next `up` enters the promotion again.
 */
export class RollbackFailed extends PromotionFailed {
  readonly id: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly reasons: readonly string[];

  constructor(parts: RollbackParts) {
    super(parts);
    this.name = "RollbackFailed";
    this.id = parts.id;
    this.properties = parts.properties;
    this.reasons = parts.reasons;
  }
}
