import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginePb from "@pulumi/pulumi/proto/engine_pb.js";
import type { ProgressPort } from "../gate/ports.ts";

/** Sends lines to the engine, which shows them beside a resource, in the order in which they were written. */
export class EngineLog {
  readonly #client: EngineClient;
  #sent: Promise<void> = Promise.resolve();

  /** `address` is the engine's own, such as `127.0.0.1:40113`: the last argument of every plugin. */
  constructor(address: string) {
    this.#client = new EngineClient(address, credentials.createInsecure());
  }

  /** Lines of one resource. A line that cannot be delivered is dropped: an engine that is gone reads nothing. */
  progressOf(urn: string): ProgressPort {
    return {
      line: (text) => this.#send(urn, text, false),
      status: (text) => this.#send(urn, text, true),
    };
  }

  /** Resolves when every line written so far has been delivered or dropped. */
  flush(): Promise<void> {
    return this.#sent;
  }

  #send(urn: string, text: string, isEphemeral: boolean): void {
    const request = new enginePb.LogRequest();
    request.setSeverity(enginePb.LogSeverity.INFO);
    request.setMessage(text);
    request.setUrn(urn);
    request.setEphemeral(isEphemeral);
    // The engine serves calls side by side: only one at a time keeps their order.
    const deliver = () => new Promise<void>((resolve) => this.#client.log(request, () => resolve()));
    this.#sent = this.#sent.then(deliver);
  }
}
