import type { IncomingMessage } from "node:http";
import type { KubeConfig } from "@kubernetes/client-node";
import { WebSocket } from "ws";
import type { Clock } from "../core/clock.ts";
import { DeployError, textOf } from "../core/errors.ts";
import type { Milliseconds } from "../core/units.ts";
import { missingRule, statusMessage } from "./api-errors.ts";
import { objectPath } from "./api-paths.ts";
import { subjectOf } from "./api-request.ts";

/** A port of a pod. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** One channel for data and one for errors, no half-close: what kubelets speak over a plain WebSocket. */
const protocol = "v4.channel.k8s.io";
const handshakeTimeout: Milliseconds = 10_000;
/** As long as an API server's restart may take: a probe that begins meanwhile waits for it, within its own timeout. */
const awayBudget: Milliseconds = 90_000;
/** An API server that answers with 5xx: it starts, or the node behind it is gone. */
const refusalBudget: Milliseconds = 10_000;
const longestPause: Milliseconds = 2_000;

/** Opens port-forward WebSockets through the API server. */
export class PodDialer {
  readonly #config: KubeConfig;
  readonly #clock: Clock;

  constructor(config: KubeConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /**
   * A connected, paused WebSocket to the pod's port. Waits for an API server that is away; rejects with `E_API` where it
   * refuses, with `ENV_UNREACHABLE` where it stays away, and with the signal's reason.
   */
  async dial(target: PodPort, signal: AbortSignal): Promise<WebSocket> {
    const startedAt = this.#clock.now();
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted();
      const outcome = await this.#attempt(target, signal);
      if (outcome instanceof WebSocket) return outcome;
      const pause = Math.min(longestPause, 100 * 2 ** tries);
      const elapsed = this.#clock.now() - startedAt;
      if (elapsed + pause > outcome.budget) throw outcome.error;
      await this.#clock.sleep(pause, signal);
    }
  }

  async #attempt(target: PodPort, signal: AbortSignal): Promise<WebSocket | Refusal> {
    const path = objectPath("pods", target.namespace, target.pod, "portforward");
    const server = this.#config.getCurrentCluster()?.server.replace(/\/$/, "") ?? "";
    const options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0] = {};
    await this.#config.applyToHTTPSOptions(options);
    const url = `${server.replace(/^http/, "ws")}${path}?ports=${target.port}`;
    const socket = new WebSocket(url, [protocol], { ...options, handshakeTimeout, perMessageDeflate: false });
    const abort = () => socket.terminate();
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await opened(
        socket,
        (message) => refusal(path, message),
        (error) => away(server, error),
      );
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}

interface Refusal {
  readonly error: DeployError;
  /** How long such a refusal is worth trying again. */
  readonly budget: Milliseconds;
}

function opened(
  socket: WebSocket,
  onAnswer: (message: IncomingMessage) => Promise<Refusal>,
  onFault: (error: Error) => Refusal,
): Promise<WebSocket | Refusal> {
  return new Promise((resolve) => {
    socket.once("open", () => {
      // Frames wait until the caller listens: the first ones come at once.
      socket.pause();
      resolve(socket);
    });
    socket.once("unexpected-response", (_request, message) => resolve(onAnswer(message)));
    // Stays for the socket's life: an error without a listener would end the process; `close` follows each.
    socket.on("error", (error) => resolve(onFault(error)));
  });
}

async function refusal(path: string, message: IncomingMessage): Promise<Refusal> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk);
  } catch {
    // What came is what can be told.
  }
  const status = message.statusCode ?? 0;
  const { namespace, name } = subjectOf({ method: "GET", path });
  // The upgrade is a GET; since 1.35 the API server also wants the verb create.
  const rules = ["get", "create"].map((verb) =>
    missingRule({ verb, group: "", resource: "pods/portforward", namespace, name }),
  );
  const error = new DeployError({
    code: "E_API",
    where: `${namespace}/pods/${name}`,
    message: `The API server answered ${status} to a port-forward: ${statusMessage(asJson(Buffer.concat(chunks).toString()))}`,
    ...(status === 403
      ? { hint: `Give the identity a Role in namespace "${namespace}" with ${rules.join(" and ")}.` }
      : {}),
  });
  return { error, budget: status === 429 || status >= 500 ? refusalBudget : 0 };
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function away(server: string, cause: Error): Refusal {
  const error = new DeployError({
    code: "ENV_UNREACHABLE",
    where: server,
    message: `A port-forward could not be opened: ${textOf(cause)}.`,
    cause,
  });
  return { error, budget: awayBudget };
}
