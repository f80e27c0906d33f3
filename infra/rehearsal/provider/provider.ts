import { createHash } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { DeployError } from "../../core/errors.ts";
import { annotations, isAnnotated, pathOf } from "./annotations.ts";
import { lookOnce } from "./awaiter.ts";
import { type Autonaming, type CheckFailure, checkInputs } from "./check.ts";
import type { Connection } from "./connection.ts";
import { type CreateRequest, createResource } from "./create-resource.ts";
import { type DeleteRequest, deleteResource } from "./delete-resource.ts";
import { diffInputs, keepsItsName, type ObjectDiff } from "./diff.ts";
import type { EngineLog } from "./engine-log.ts";
import type { JsonObject } from "./json.ts";
import { isPatchToken, kindOf, kindOfToken, refOf, tokenOfUrn, unsupported } from "./kind.ts";
import { type OperationContext, type StoredResource, waitContext } from "./operation.ts";
import { type ProviderSettings, parseSettings, settingsProblems } from "./provider-settings.ts";
import { type ReadRequest, type ReadResource, readResource } from "./read-resource.ts";
import { replacementRule } from "./replacements.ts";
import { fromOutputs } from "./state.ts";
import { type UpdateRequest, updateResource } from "./update-resource.ts";
import { plainObject } from "./values.ts";

/** What the provider needs of the world. */
export interface ProviderWorld {
  readonly clock: Clock;
  readonly log: EngineLog;
  connect(settings: ProviderSettings, signal: AbortSignal): Promise<Connection>;
  /** Settings from the environment, for programs that make no provider resource of their own. */
  readonly defaults: JsonObject;
}

/** The offline Kubernetes provider: what the engine's calls mean, without the wire. */
export class KubernetesProvider {
  readonly #world: ProviderWorld;
  readonly #running = new Set<AbortController>();
  #configured: { readonly settings: ProviderSettings; readonly connection: Connection } | undefined;

  constructor(world: ProviderWorld) {
    this.#world = world;
  }

  /** Connects. Rejects where the settings are refused or the cluster does not answer. */
  async configure(inputs: JsonObject): Promise<void> {
    const merged = { ...this.#world.defaults, ...plainObject(inputs) };
    const [problem] = settingsProblems(merged);
    if (problem !== undefined) {
      throw new DeployError({
        code: "CONFIG_INVALID",
        where: `kubernetes:${problem.path}`,
        message: `${problem.reason}.`,
      });
    }
    const settings = parseSettings(merged);
    const connection = await this.#cancellable((signal) => this.#world.connect(settings, signal));
    this.#configured = { settings, connection };
  }

  /** Completes and checks the inputs of a resource. */
  async check(request: {
    readonly urn: string;
    readonly olds: JsonObject | undefined;
    readonly news: JsonObject;
    readonly randomSeed: Uint8Array;
    readonly autonaming: Autonaming | undefined;
  }): Promise<{ readonly inputs: JsonObject; readonly failures: readonly CheckFailure[] }> {
    const { connection } = this.#required();
    const kind = { ...kindOfToken(tokenOfUrn(request.urn)), ...stated(plainObject(request.news)) };
    const served = await this.#cancellable((signal) => connection.objects.served(kind, signal));
    return checkInputs({
      urn: request.urn,
      news: request.news,
      olds: request.olds === undefined ? undefined : plainObject(request.olds),
      suffix: createHash("sha256").update(request.randomSeed).digest("hex").slice(0, 8),
      autonaming: request.autonaming,
      defaultNamespace: connection.defaultNamespace,
      isNamespaced: served?.isNamespaced,
    });
  }

  /** What a change of inputs does to the object. */
  async diff(request: {
    readonly urn: string;
    readonly oldInputs: JsonObject;
    readonly oldOutputs: JsonObject;
    readonly news: JsonObject;
    readonly ignoreChanges: readonly string[];
  }): Promise<ObjectDiff> {
    const { settings } = this.#required();
    const olds = plainObject(request.oldInputs);
    const news = plainObject(request.news);
    const isPatch = isPatchToken(tokenOfUrn(request.urn), kindOf(news).kind);
    const mutable = { configMaps: settings.enableConfigMapMutable, secrets: settings.enableSecretMutable };
    const rule = replacementRule({ olds, news }, isPatch, mutable);
    const diff = diffInputs({ olds, news, ignoreChanges: request.ignoreChanges, rule });
    if (!(await this.#isUnreadyJob(news, request))) return diff;
    const change = { kind: "update", isReplacement: true } as const;
    const changes = new Map([...diff.changes, [pathOf(annotations.replaceUnready), change]]);
    return { changes, deleteBeforeReplace: keepsItsName(olds, news) };
  }

  async create(request: CreateRequest): Promise<StoredResource> {
    return this.#operate(request.urn, (context) => createResource(request, context));
  }

  async read(request: ReadRequest): Promise<ReadResource | undefined> {
    return this.#operate(request.urn, (context) => readResource(request, context));
  }

  async update(request: UpdateRequest): Promise<StoredResource> {
    return this.#operate(request.urn, (context) => updateResource(request, context));
  }

  async delete(request: DeleteRequest): Promise<void> {
    return this.#operate(request.urn, (context) => deleteResource(request, context));
  }

  /** No function of the package is served. */
  invoke(token: string): never {
    throw unsupported(token, "Functions of the package run inside the official provider.");
  }

  /** Ends what is running. The engine calls it at the end of attached runs too, so later calls work as before. */
  cancel(): void {
    for (const controller of this.#running) controller.abort(new Error("cancelled by the engine"));
  }

  /** Drops the connection. */
  close(): void {
    this.cancel();
    this.#configured?.connection.close();
  }

  /** `pulumi.com/replaceUnready`: a Job that is not complete is made anew instead of waited for again. */
  async #isUnreadyJob(
    news: JsonObject,
    request: { readonly urn: string; readonly oldOutputs: JsonObject },
  ): Promise<boolean> {
    if (kindOf(news).kind !== "Job" || !isAnnotated(news, annotations.replaceUnready)) return false;
    return this.#operate(request.urn, async (context) => {
      const ref = refOf(fromOutputs(request.oldOutputs).live);
      const live = await context.objects.read(ref, context.signal);
      if (live === undefined) return false;
      return (await lookOnce(news, live, waitContext(news, 0, context))).kind !== "ready";
    });
  }

  async #operate<T>(urn: string, operation: (context: OperationContext) => Promise<T>): Promise<T> {
    const { settings, connection } = this.#required();
    const { enablePatchForce, upsertExistingObjects } = settings;
    const report = (text: string) => this.#world.log.status(urn, text);
    return this.#cancellable((signal) =>
      operation({
        objects: connection.objects,
        clock: this.#world.clock,
        signal,
        report,
        enablePatchForce,
        upsertExistingObjects,
      }),
    );
  }

  async #cancellable<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#running.add(controller);
    try {
      return await call(controller.signal);
    } finally {
      this.#running.delete(controller);
    }
  }

  #required() {
    if (this.#configured !== undefined) return this.#configured;
    throw new DeployError({
      code: "ENV_UNREACHABLE",
      where: "kubernetes",
      message: "The provider was asked for a resource before it was configured.",
    });
  }
}

/** The kind that the inputs state, where they do: a patch's type names another. */
function stated(news: JsonObject): { readonly kind?: string; readonly apiVersion?: string } {
  const { kind, apiVersion } = news;
  return {
    ...(typeof kind === "string" ? { kind } : {}),
    ...(typeof apiVersion === "string" ? { apiVersion } : {}),
  };
}
