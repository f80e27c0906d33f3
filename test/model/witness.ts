import { activeOf } from "../../infra/gate/app-view.ts";
import type { ProbeReport } from "../../infra/gate/measurement.ts";
import type { ProberPort } from "../../infra/gate/ports.ts";
import type { FakePod } from "../support/fake-pod.ts";
import { next, stable } from "../unit/gate/stage.ts";
import type { Disturbance } from "./schedule.ts";
import type { Update, World } from "./world.ts";

/** Disturbances after which pods are not the run's doing any more. */
const ofPods: readonly Disturbance[] = [
  "restart-new",
  "delete-new",
  "evict-new",
  "restart-old",
  "delete-old",
  "evict-old",
];
const ofReplicas: readonly Disturbance[] = ["scale-old-up", "scale-old-down", "scale-new-up", "scale-new-down"];
const ofSelector: readonly Disturbance[] = ["select-nothing", "select-old", "select-new", "select-third"];
const ofEngines: readonly Disturbance[] = ["new-crashes", "new-never-ready"];

/** Calls of a write that come after its look at the Lease: no look can close that gap. */
const pastCheck: readonly string[] = [
  "readEvidence",
  "scale",
  "switchTraffic",
  "markPod",
  "saveEvidence",
  "saveBaseline",
  "startWatchdog",
  "stopWatchdog",
];

/** Calls that show the pods as they are. */
const looking: readonly string[] = ["observe", "candidate"];

/** Watches every call and every write of a run, and keeps what it must not have done. Keeps its own books of proofs. */
export class Witness {
  readonly broken: string[] = [];
  readonly #world: World;
  readonly #proven = new Set<string>();
  #seen: Disturbance[] = [];
  #ever: Disturbance[] = [];
  #read = 0;
  #changes = 0;
  #looked = 0;
  #update: Update | undefined;
  /** Whether clients were served, when this update began, by a revision that had come to the end of an update. */
  #servedBefore = true;
  readonly #verified = new Set<string>();
  /** Whether a ramp was left at once for the old revision: its ready pods alone serve, however few. */
  #hasFledRamp = false;
  #isCancelled = false;
  /** Writes that may still come though the Lease is gone: one that had passed its check before. */
  #grace: number | undefined;
  /** Pods behind the Service before the last step: the revision of each life. */
  #endpoints: ReadonlyMap<string, string> = new Map();

  constructor(world: World) {
    this.#world = world;
    for (const pod of world.cluster.podsOf(stable)) this.#proven.add(lifeOf(pod));
    if (world.cluster.traffic.kind !== "none") this.#verified.add(stable);
  }

  /** A new update begins; the disturbances of earlier ones still count for what was left. */
  begin(update: Update): void {
    this.#update = update;
    this.#seen = [];
    this.#isCancelled = false;
    this.#grace = undefined;
    this.#hasFledRamp = false;
    this.#servedBefore = this.#verified.has(activeOf(this.#world.cluster));
    this.#read = this.#world.cluster.writes.length;
    this.#world.cluster.onStep = () => this.#step();
    this.#endpoints = endpointsOf(this.#serving());
  }

  /** An update came to its end. */
  passed({ revision }: Update): void {
    this.#verified.add(revision);
  }

  disturbed(what: Disturbance, call: string): void {
    this.#seen.push(what);
    this.#ever.push(what);
    if (what === "cancel") this.#isCancelled = true;
    const isHeld = this.#world.cluster.leaseHolder?.startsWith("update-") === true;
    if (isHeld && (what === "lose-lease" || what === "steal-lease")) this.#grace = pastCheck.includes(call) ? 1 : 0;
    if ([...ofPods, ...ofReplicas, ...ofEngines, ...ofSelector].includes(what)) this.#changes++;
  }

  /** Whether one of these has disturbed this update, or any so far. */
  has(...kinds: readonly Disturbance[]): boolean {
    return this.#seen.some((what) => kinds.includes(what));
  }

  get hasTouchedPods(): boolean {
    return this.#ever.some((what) => [...ofPods, ...ofReplicas].includes(what));
  }

  get hasTouchedByHand(): boolean {
    return this.#ever.some((what) => [...ofReplicas, ...ofSelector].includes(what));
  }

  called(call: string): void {
    if (looking.includes(call)) this.#looked = this.#changes;
  }

  /** A line of progress. Once it has served well for a while, a pod that restarts is the kubelet's to judge. */
  told(line: string): void {
    if (!line.startsWith("[soak]") || this.#isBehind || this.hasTouchedByHand) return;
    const unproven = this.#unproven();
    if (unproven.length > 0) this.broken.push(`verified with ${unproven.join(", ")} unproven`);
  }

  /** The prober, with a book of the lives that have passed from their first question to their last. */
  proving(prober: ProberPort): ProberPort {
    return new Proxy(prober, {
      get: (target, key) => {
        if (key !== "probePod") {
          const member: unknown = Reflect.get(target, key);
          return typeof member === "function" ? member.bind(target) : member;
        }
        return async (...args: Parameters<ProberPort["probePod"]>): Promise<ProbeReport> => {
          const uid = args[1].metadata.uid ?? "";
          const before = this.#lifeOf(uid);
          const report = await target.probePod(...args);
          const hasPassed = report.measurements.every(({ outcome }) => outcome === "pass" || outcome === "skipped");
          if (hasPassed && before !== undefined && before === this.#lifeOf(uid)) this.#proven.add(before);
          return report;
        };
      },
    });
  }

  /** Names of pods behind the Service that nobody has proven. */
  #unproven(): readonly string[] {
    return this.#serving()
      .filter((pod) => !this.#proven.has(lifeOf(pod)))
      .map(({ name }) => name);
  }

  /** Whether anything has changed since the run has last looked: no look can close that gap. */
  get #isBehind(): boolean {
    return this.#changes > this.#looked;
  }

  #step(): void {
    const { writes } = this.#world.cluster;
    const serving = this.#serving();
    for (; this.#read < writes.length; this.#read++) this.#onWrite(writes[this.#read] ?? "", serving);
    this.#keepsServing(serving.length);
    this.#endpoints = endpointsOf(serving);
  }

  #onWrite(write: string, serving: readonly FakePod[]): void {
    const { revision = "" } = this.#update ?? {};
    const [verb, ...words] = write.split(" ");
    if (this.#grace !== undefined && this.#grace-- <= 0) this.broken.push(`wrote without the Lease: ${write}`);
    const joins =
      (verb === "switch" && write.endsWith(` ${revision}`)) || write.endsWith("pod by pod") || verb === "mark";
    if (joins && !this.#isBehind) this.#noStrangers(write, serving);
    const leads =
      verb === "switch"
        ? words[0] !== revision && write.endsWith(` ${revision}`)
        : verb === "mark" && words[0]?.includes(revision);
    if (leads && this.#isCancelled) this.broken.push(`${write}, after a cancel`);
    if (verb === "switch" && write.includes("pod by pod ")) this.#hasFledRamp = true;
    if (verb === "scale") this.#onScale(words[0] ?? "", Number(words[1]));
  }

  /**
   * Pods of the target that this write has put behind the Service have been proven. Where no pod of the newer revision
   * serves, the way back to the one before waits for nobody to be asked: its pods are proven in place.
   */
  #noStrangers(write: string, serving: readonly FakePod[]): void {
    const { revision = "" } = this.#update ?? {};
    const isReturn = write.startsWith("switch ") && write.endsWith(`pod by pod ${revision}`) && revision === stable;
    if (isReturn && ![...this.#endpoints.values()].includes(next)) return;
    const strangers = serving.filter(
      (pod) => pod.revision === revision && !this.#proven.has(lifeOf(pod)) && !this.#endpoints.has(lifeOf(pod)),
    );
    for (const { name } of strangers) this.broken.push(`${write}: ${name} serves unproven`);
  }

  /** What serves is not scaled down by a run that has somewhere else to go only once it is verified. */
  #onScale(revision: string, replicas: number): void {
    const { strategy, revision: target } = this.#update ?? {};
    const { cluster, lines } = this.#world;
    if (revision === target || strategy !== "blueGreen") return;
    const { traffic } = cluster;
    const serves = traffic.kind === "revision" && traffic.revision === revision;
    if (serves && !this.#isBehind) this.broken.push(`scaled ${revision} to ${replicas} while it serves`);
    else if (
      !lines.some((line) => line.startsWith("[soak]")) &&
      traffic.kind === "revision" &&
      traffic.revision === target &&
      !this.hasTouchedByHand
    ) {
      this.broken.push(`scaled ${revision} to ${replicas} before ${target} was verified`);
    }
  }

  /** Where nobody else takes pods away, clients find all but one of them at every moment; recreate excepted. */
  #keepsServing(now: number): void {
    const { strategy } = this.#update ?? {};
    const { cluster, replicas } = this.#world;
    // Where the old revision answers wrongly too, a candidate that turned out wrong is still taken away.
    const isNotOurs = this.hasTouchedPods || this.hasTouchedByHand || this.#ever.includes("old-wrong");
    if (strategy === "recreate" || !this.#servedBefore || isNotOurs || this.#endpoints.size === 0) return;
    // Pods that answer wrongly are missed by nobody, as long as somebody serves.
    const isWrong = this.#world.prober.revisions.get(next) === "wrong";
    const least = this.#hasFledRamp || isWrong ? 1 : strategy === "blueGreen" ? replicas : replicas - 1;
    if (now < Math.min(least, this.#endpoints.size))
      this.broken.push(`only ${now} of ${replicas} serve after ${cluster.writes.at(-1)}`);
  }

  #serving(): readonly FakePod[] {
    const { cluster } = this.#world;
    if (cluster.traffic.kind === "none") return [];
    const uids = cluster.endpoints().map(({ podUid }) => podUid);
    return [stable, next].flatMap((revision) => cluster.podsOf(revision)).filter(({ uid }) => uids.includes(uid));
  }

  #lifeOf(uid: string): string | undefined {
    const pods = [stable, next].flatMap((revision) => this.#world.cluster.podsOf(revision));
    const pod = pods.find((each) => each.uid === uid);
    return pod === undefined ? undefined : lifeOf(pod);
  }
}

function endpointsOf(pods: readonly FakePod[]): ReadonlyMap<string, string> {
  return new Map(pods.map((pod) => [lifeOf(pod), pod.revision]));
}

function lifeOf({ uid, restarts }: FakePod): string {
  return `${uid}/${restarts}`;
}
