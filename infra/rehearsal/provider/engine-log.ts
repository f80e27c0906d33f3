import { credentials } from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";

/** Lines that the engine shows beside a resource. Lost lines are no fault: a log never fails an operation. */
export interface EngineLog {
  /** A line that the next one replaces; empty clears it. */
  status(urn: string, text: string): void;
}

/** Sends lines to the engine at the address it gave at the start. */
export class GrpcEngineLog implements EngineLog {
  #client: InstanceType<typeof engineServices.EngineClient> | undefined;

  /** Says where the engine listens. */
  attach(address: string): void {
    this.#client?.close();
    this.#client = new engineServices.EngineClient(address, credentials.createInsecure());
  }

  status(urn: string, text: string): void {
    const request = new engineMessages.LogRequest();
    request.setSeverity(engineMessages.LogSeverity.INFO);
    request.setUrn(urn);
    request.setMessage(text);
    request.setEphemeral(true);
    this.#client?.log(request, () => undefined);
  }

  close(): void {
    this.#client?.close();
  }
}
