import type * as pulumi from "@pulumi/pulumi";
import { canonicalJson } from "../core/canonical-json.ts";
import { DeployError, textOf } from "../core/errors.ts";
import type { PlanHeadroomArgs, PlanHeadroomResult } from "../core/headroom.ts";
import type { InspectNodesArgs, InspectNodesResult } from "../core/pool-node.ts";
import type { PromotionInputs, PromotionOutputs } from "../core/promotion-inputs.ts";
import type { InspectReferencesArgs, InspectReferencesResult } from "../core/references.ts";
import type { InspectRevisionsArgs, InspectRevisionsResult } from "../core/revisions.ts";
import type { Traffic } from "../core/traffic.ts";
import { version } from "../core/version.ts";
import { activeOf } from "../gate/app-view.ts";
import type { ProgressPort } from "../gate/ports.ts";
import { RollbackFailed } from "../gate/promotion-error.ts";
import {
  checkHeadroomArgs,
  checkInspectArgs,
  checkPromotionInputs,
  checkReferenceArgs,
  checkRevisionsArgs,
  type InputFailure,
} from "./input-rules.ts";
import { hasUnknown, isRecord, plainOf } from "./property-values.ts";

/** What the provider does with the world, so that tests can stand in for it. */
export interface ProviderWorld {
  promote(inputs: PromotionInputs, progress: ProgressPort, signal: AbortSignal): Promise<PromotionOutputs>;
  /** What the live Service selects now; undefined where there is no such Service. */
  liveTraffic(inputs: PromotionInputs, signal: AbortSignal): Promise<Traffic | undefined>;
  inspectNodes(args: InspectNodesArgs, signal: AbortSignal): Promise<InspectNodesResult>;
  inspectReferences(args: InspectReferencesArgs, signal: AbortSignal): Promise<InspectReferencesResult>;
  inspectRevisions(args: InspectRevisionsArgs, signal: AbortSignal): Promise<InspectRevisionsResult>;
  planHeadroom(args: PlanHeadroomArgs, signal: AbortSignal): Promise<PlanHeadroomResult>;
  /** Where the lines of one resource go. */
  progressOf(urn: string): ProgressPort;
}

const promotionType = "rollgate:index:Promotion";
const inspectNodesToken = "rollgate:index:inspectNodes";
const inspectReferencesToken = "rollgate:index:inspectReferences";
const inspectRevisionsToken = "rollgate:index:inspectRevisions";
const planHeadroomToken = "rollgate:index:planHeadroom";

/**
 * A change of one of these asks for a new proof. The rest says how the next one is to be done: it waits for it. So does the
 * strategy, which may come to another one the next day while nothing that serves has changed.
 */
const proven = ["revision", "workload", "probeHash", "replicas", "retryNonce", "imageDigest"] as const;

/** A change of one of these makes it the promotion of another app. */
const identifying = ["namespace", "app", "service", "context"] as const;

/**
 * The plugin `rollgate`: the resource `rollgate:index:Promotion`, whose create and update are the promotion, and the
 * functions `inspectNodes`, `inspectReferences`, `inspectRevisions` and `planHeadroom`.
 */
export class RollgateProvider implements pulumi.provider.Provider {
  readonly version = version;
  readonly #world: ProviderWorld;
  readonly #calls = new Set<AbortController>();
  #idle = Promise.withResolvers<void>();

  constructor(world: ProviderWorld) {
    this.#world = world;
  }

  /** How many calls are under way. */
  get calls(): number {
    return this.#calls.size;
  }

  /** Resolves when no call is under way. */
  async whenIdle(): Promise<void> {
    if (this.#calls.size > 0) await this.#idle.promise;
  }

  async check(urn: string, _olds: unknown, news: unknown): Promise<pulumi.provider.CheckResult> {
    if (!urn.includes(`::${promotionType}::`) && !urn.includes(`$${promotionType}::`)) {
      return { inputs: news, failures: [{ property: "", reason: `rollgate has no resource type of ${urn}` }] };
    }
    return { inputs: news, failures: [...checkPromotionInputs(plainOf(news))] };
  }

  /**
   * `olds` are the outputs. Those of a rollback that failed hold no proof, which is what makes the next update promote
   * whatever its inputs: the mark that the engine keeps for such a state does not outlive a refresh.
   */
  async diff(_id: string, _urn: string, olds: unknown, news: unknown): Promise<pulumi.provider.DiffResult> {
    const before = plainOf(olds);
    const after = plainOf(news);
    const replaces = identifying.filter((key) => differs(before, after, key));
    const isProven = isRecord(before) && typeof before.provenAt === "string";
    const changes = !isProven || replaces.length > 0 || proven.some((key) => differs(before, after, key));
    return { changes, replaces };
  }

  async create(urn: string, inputs: unknown): Promise<pulumi.provider.CreateResult> {
    return this.#promote(urn, inputs);
  }

  async update(_id: string, urn: string, _olds: unknown, news: unknown): Promise<pulumi.provider.UpdateResult> {
    return { outs: (await this.#promote(urn, news)).outs };
  }

  /**
   * A selector that was moved, by a person or by an update that was killed after its switch, shows as another revision,
   * in inputs and outputs, and without a proof: the next update promotes, even to the revision that it was moved to. So
   * does a ramp that a canary left half-way.
   */
  async read(id: string, _urn: string, properties: unknown): Promise<pulumi.provider.ReadResult> {
    const props = plainOf(properties);
    if (!isRecord(props) || checkPromotionInputs(inputsOf(props)).length > 0) {
      throw new Error(`CONFIG_USAGE: ${id}: A Promotion cannot be imported: it is created by promoting.`);
    }
    const inputs = inputsOf(props);
    const traffic = await this.#during((signal) => this.#world.liveTraffic(inputs, signal));
    if (traffic === undefined) return { id: "", props: {} };
    const revision = activeOf({ traffic });
    if (traffic.kind !== "ramp" && revision === inputs.revision) return { id, props, inputs };
    const { provenAt: _, ...unproven } = props;
    return { id, props: { ...unproven, revision, activeRevision: revision }, inputs: { ...inputs, revision } };
  }

  /** Touches nothing: Deployments and Services are other resources, evidence is kept. */
  async delete(): Promise<void> {}

  async invoke(token: string, args: unknown): Promise<pulumi.provider.InvokeResult> {
    const plain = plainOf(args);
    // In each case the check proves the shape before it is relied on.
    switch (token) {
      case inspectNodesToken:
        return this.#inspect(checkInspectArgs(plain), (signal) =>
          this.#world.inspectNodes(plain as InspectNodesArgs, signal),
        );
      case inspectReferencesToken:
        return this.#inspect(checkReferenceArgs(plain), (signal) =>
          this.#world.inspectReferences(plain as InspectReferencesArgs, signal),
        );
      case inspectRevisionsToken:
        return this.#inspect(checkRevisionsArgs(plain), (signal) =>
          this.#world.inspectRevisions(plain as InspectRevisionsArgs, signal),
        );
      case planHeadroomToken:
        return this.#inspect(checkHeadroomArgs(plain), (signal) =>
          this.#world.planHeadroom(plain as PlanHeadroomArgs, signal),
        );
      default:
        throw new Error(`CONFIG_USAGE: rollgate: It has no function "${token}".`);
    }
  }

  /** The engine also calls this at the end of every operation: only what is under way now is cancelled. */
  async cancel(): Promise<void> {
    this.cancelCalls("Cancelled.");
  }

  /** Aborts every call under way; `why` is a sentence. */
  cancelCalls(why: string): void {
    for (const call of this.#calls) {
      call.abort(new DeployError({ code: "E_CANCELLED", where: "promotion", message: why }));
    }
  }

  async #inspect(
    failures: readonly InputFailure[],
    call: (signal: AbortSignal) => Promise<object>,
  ): Promise<pulumi.provider.InvokeResult> {
    if (failures.length > 0) return { outputs: {}, failures: [...failures] };
    return { outputs: await this.#during(call) };
  }

  async #promote(urn: string, news: unknown): Promise<{ readonly id: string; readonly outs: object }> {
    // `check` has proven the shape, and nothing is unknown when something is created.
    const inputs = plainOf(news) as PromotionInputs;
    const id = `${inputs.namespace}/${inputs.app}`;
    const progress = this.#world.progressOf(urn);
    try {
      const outputs = await this.#during((signal) => this.#world.promote(inputs, progress, signal));
      return { id, outs: { ...inputs, ...outputs } };
    } catch (error) {
      throw forEngine(error, inputs);
    }
  }

  async #during<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#calls.add(controller);
    try {
      return await call(controller.signal);
    } finally {
      this.#calls.delete(controller);
      if (this.#calls.size === 0) {
        this.#idle.resolve();
        this.#idle = Promise.withResolvers();
      }
    }
  }
}

/**
 * The error as the engine wants it: text alone. A plain one leaves the old state, so that the next update tries again.
 * Where even the way back failed, the resource is kept, marked as not initialised and without a proof.
 */
function forEngine(error: unknown, inputs: PromotionInputs): Error {
  const plain = new Error(textOf(error));
  if (!(error instanceof RollbackFailed)) return plain;
  const { id, properties, reasons } = error;
  return Object.assign(plain, { id, properties: { ...inputs, ...properties }, reasons });
}

function differs(before: unknown, after: unknown, key: string): boolean {
  const was = isRecord(before) ? before[key] : undefined;
  const wanted = isRecord(after) ? after[key] : undefined;
  return hasUnknown(wanted) || canonicalJson(was ?? null) !== canonicalJson(wanted ?? null);
}

/** Every output, so that the compiler asks for a new one here too. */
const isOutput: Readonly<Record<keyof PromotionOutputs, true>> = {
  activeRevision: true,
  previousRevision: true,
  provenAt: true,
  evidence: true,
  podUids: true,
  outageSeconds: true,
};

function inputsOf(props: Readonly<Record<string, unknown>>): PromotionInputs {
  const inputs = Object.entries(props).filter(([key]) => !Object.hasOwn(isOutput, key));
  // Outputs are written as the inputs and these keys; `read` checks the shape before it relies on it.
  return Object.fromEntries(inputs) as unknown as PromotionInputs;
}
