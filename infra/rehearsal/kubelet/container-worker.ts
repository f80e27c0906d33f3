import { randomBytes } from "node:crypto";
import { DeployError } from "../../core/errors.ts";
import type { Seconds } from "../../core/units.ts";
import type { EngineExit } from "../engine/launch.ts";
import { afterRun, goDuration, longer, restartBackoff } from "./backoff.ts";
import { cliArguments } from "./command-process.ts";
import type { ContainerView } from "./container-view.ts";
import type { KubeletContext } from "./context.ts";
import { resolveConfig } from "./environment.ts";
import { type Script, simulated } from "./faults.ts";
import { runHook } from "./hook.ts";
import { LogFile } from "./log-files.ts";
import type { KubePod } from "./pod-types.ts";
import { type ProbeKind, runProbes } from "./probes.ts";
import { type ContainerProcess, isEngine, startProcess } from "./process.ts";
import { pullImage } from "./pull.ts";
import { stopProcess } from "./stop-process.ts";
import type { Mount } from "./volume-dirs.ts";

export interface ContainerWorkerOptions {
  readonly pod: KubePod;
  readonly podIP: string;
  readonly view: ContainerView;
  readonly script: Script;
  /** Whether the pod's kubelet fault strikes this container. */
  readonly isFaulty: boolean;
  readonly context: KubeletContext;
  /** Folder of the container's logs. */
  readonly logs: string;
  /** Tells that the view has changed. */
  readonly onChange: () => void;
  /** Aborts when the pod is being stopped: nothing is started any more. */
  readonly stopping: AbortSignal;
  /** Aborts when there is no time left to stop it in good order. */
  readonly hurry: AbortSignal;
}

/** Container configuration is looked at again after this many simulated seconds. */
const configRetry: Seconds = 10;

interface Instance {
  readonly process: ContainerProcess;
  readonly log: LogFile;
  readonly startedAt: number;
  readonly ended: AbortController;
  isOutOfMemory: boolean;
  stop: Promise<void> | undefined;
}

/** Plays one container: pulls, configures, runs, probes, restarts it, and stops it in good order. */
export class ContainerWorker {
  readonly #options: ContainerWorkerOptions;
  readonly view: ContainerView;
  #instance: Instance | undefined;

  constructor(options: ContainerWorkerOptions) {
    this.#options = options;
    this.view = options.view;
  }

  /** Resolves when the container has ended for good, or has been stopped; never rejects for the container's own faults. */
  async run(): Promise<void> {
    const { stopping } = this.#options;
    let backoff = restartBackoff;
    try {
      for (;;) {
        const instance = await this.#start();
        const finishedAt = await this.#ending(instance);
        if (stopping.aborted || !this.#mayRestart()) return;
        backoff = afterRun(backoff, instance.startedAt, finishedAt);
        if (backoff.seconds > 0) await this.#waitToRestart(backoff.seconds, instance);
        backoff = longer(backoff);
        // What has become `lastState` is what `kubectl logs --previous` shows.
        instance.log.retire();
        this.view.restartCount += 1;
      }
    } catch (error) {
      if (!stopping.aborted) throw error;
    }
  }

  /** Stops what runs. `run` resolves thereafter. Repeated calls join the first. */
  async stop(graceSeconds: Seconds, message = `Stopping container ${this.view.spec.name}`): Promise<void> {
    const instance = this.#instance;
    if (instance === undefined) return;
    instance.stop ??= this.#stopInstance(instance, graceSeconds, message);
    await instance.stop;
  }

  async #start(): Promise<Instance> {
    const { pod, podIP, context, script, stopping, logs } = this.#options;
    this.view.imageID = await pullImage({
      pod,
      container: this.view.spec,
      script,
      isFaulty: this.#options.isFaulty,
      context,
      signal: stopping,
      onWaiting: (reason, text) => this.#set({ state: { waiting: { reason, message: text } } }),
    });
    const { env, argv } = await this.#configured();
    const readsVolumes = isEngine(this.view.spec) || cliArguments(argv) !== undefined;
    const mounts = readsVolumes ? await this.#mounts() : [];
    stopping.throwIfAborted();
    const log = new LogFile(logs, this.view.restartCount, context.clock);
    this.#event("Normal", "Created", "Container created");
    const process = startProcess(
      {
        pod,
        podIP,
        container: this.view.spec,
        argv,
        env,
        mounts,
        script,
        isOneShot: isOneShot(this.view),
        log: (line) => log.write(line),
      },
      context,
    );
    const startedAt = context.clock.now();
    const instance: Instance = {
      process,
      log,
      startedAt,
      ended: new AbortController(),
      isOutOfMemory: false,
      stop: undefined,
    };
    this.#instance = instance;
    this.#event("Normal", "Started", "Container started");
    const lastState = this.view.state.terminated ?? this.view.lastState;
    this.view.containerID = `containerd://${randomBytes(32).toString("hex")}`;
    this.#set({ state: { running: { startedAt: timeText(startedAt) } }, lastState });
    void this.#probe(instance);
    void this.#playOutOfMemory(instance);
    return instance;
  }

  async #configured() {
    const { pod, podIP, context, script, stopping } = this.#options;
    for (;;) {
      const config = await resolveConfig(this.view.spec, { pod, podIP, hostIP: context.hostIP }, context.references);
      if (config.kind === "ok") return config;
      this.#event("Warning", "Failed", `Error: ${config.message}`);
      this.#set({ state: { waiting: { reason: "CreateContainerConfigError", message: config.message } } });
      await context.clock.sleep(simulated(script, configRetry), stopping);
    }
  }

  async #mounts(): Promise<readonly Mount[]> {
    const { pod, podIP, context, script, stopping } = this.#options;
    for (;;) {
      try {
        return await context.volumes.mountsOf(this.view.spec, { pod, podIP, hostIP: context.hostIP });
      } catch (error) {
        if (!(error instanceof DeployError)) throw error;
        this.#event("Warning", "FailedMount", error.message);
        await context.clock.sleep(simulated(script, configRetry), stopping);
      }
    }
  }

  /** Waits for the end of an instance and notes it. Returns the moment. */
  async #ending(instance: Instance): Promise<number> {
    const exit = await instance.process.exited;
    instance.ended.abort();
    const finishedAt = this.#options.context.clock.now();
    const terminated = this.#termination(instance, exit, finishedAt);
    instance.log.close();
    this.#instance = undefined;
    this.#set({ state: { terminated }, isReady: false, isStarted: false });
    return finishedAt;
  }

  #termination(instance: Instance, exit: EngineExit, finishedAt: number) {
    const isLogged = this.view.spec.terminationMessagePolicy === "FallbackToLogsOnError" && exit.exitCode !== 0;
    const written = instance.process.message?.() ?? "";
    const message = written === "" && isLogged ? instance.log.tail() : written;
    const reason = instance.isOutOfMemory ? "OOMKilled" : exit.exitCode === 0 ? "Completed" : "Error";
    return {
      exitCode: exit.exitCode,
      reason,
      ...(message === "" ? {} : { message }),
      startedAt: timeText(instance.startedAt),
      finishedAt: timeText(finishedAt),
      containerID: this.view.containerID,
    };
  }

  #mayRestart(): boolean {
    const policy = this.view.spec.restartPolicy ?? this.#options.pod.spec.restartPolicy ?? "Always";
    if (policy === "Always" && !isOneShot(this.view)) return true;
    return policy !== "Never" && this.view.state.terminated?.exitCode !== 0;
  }

  async #waitToRestart(seconds: Seconds, instance: Instance): Promise<void> {
    const { pod, context, script, stopping } = this.#options;
    const { name } = this.view.spec;
    const { name: podName, namespace, uid } = pod.metadata;
    const podText = `${podName}_${namespace}(${uid})`;
    instance.log.retire();
    this.#event("Warning", "BackOff", `Back-off restarting failed container ${name} in pod ${podText}`);
    const message = `back-off ${goDuration(seconds)} restarting failed container=${name} pod=${podText}`;
    const lastState = this.view.state.terminated;
    this.#set({ state: { waiting: { reason: "CrashLoopBackOff", message } }, lastState });
    await context.clock.sleep(simulated(script, seconds), stopping);
  }

  async #probe(instance: Instance): Promise<void> {
    const { podIP, context, stopping } = this.#options;
    const { spec } = this.view;
    await runProbes({
      container: spec,
      podIP,
      clock: context.clock,
      ended: instance.ended.signal,
      stopping,
      listener: {
        onStarted: () => this.#set({ isStarted: true }),
        onReady: (isReady) => this.#set({ isReady }),
        onUnhealthy: (kind) => {
          const own = kind === "Startup" ? spec.startupProbe : spec.livenessProbe;
          const message = `Container ${spec.name} failed ${kind.toLowerCase()} probe, will be restarted`;
          void this.stop(own?.terminationGracePeriodSeconds ?? this.#graceSeconds, message);
        },
        onFailure: (kind, text) => this.#event("Warning", "Unhealthy", `${kind} probe failed: ${text}`),
        onSkipped: (kind) => this.#event("Warning", "ProbeWarning", skippedText(kind)),
      },
    });
  }

  async #playOutOfMemory(instance: Instance): Promise<void> {
    const { script, context, isFaulty } = this.#options;
    if (!isFaulty || script.kubeletFault?.name !== "oom-killed") return;
    const wait = simulated(script, script.kubeletFault.afterSeconds);
    await context.clock.sleep(wait, instance.ended.signal).catch(() => undefined);
    if (instance.ended.signal.aborted) return;
    instance.isOutOfMemory = true;
    instance.process.kill("SIGKILL");
  }

  async #stopInstance(instance: Instance, graceSeconds: Seconds, message: string): Promise<void> {
    const { context, podIP, hurry } = this.#options;
    const { spec } = this.view;
    const preStop = spec.lifecycle?.preStop;
    this.#event("Normal", "Killing", message);
    await stopProcess(instance.process, {
      graceSeconds,
      clock: context.clock,
      hurry,
      ...(preStop === undefined
        ? {}
        : {
            hook: async () => {
              const outcome = await runHook(preStop, { container: spec, podIP, clock: context.clock, hurry });
              if (outcome !== undefined) this.#event("Warning", "FailedPreStopHook", outcome);
            },
          }),
    });
  }

  get #graceSeconds(): Seconds {
    return this.#options.pod.spec.terminationGracePeriodSeconds ?? 30;
  }

  #set(change: Partial<ContainerView>): void {
    Object.assign(this.view, change);
    this.#options.onChange();
  }

  #event(type: "Normal" | "Warning", reason: string, message: string): void {
    this.#options.context.events(this.#options.pod, { type, reason, message, container: this.view.spec.name });
  }
}

function isOneShot(view: ContainerView): boolean {
  return view.isInit && view.spec.restartPolicy !== "Always";
}

function skippedText(kind: ProbeKind): string {
  return `${kind} probe warning: the rehearsal runs httpGet and tcpSocket probes over plain HTTP only; taken as passed`;
}

/** RFC 3339 in whole seconds, as the API stores times. */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}
