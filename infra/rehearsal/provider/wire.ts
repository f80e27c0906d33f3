import { Metadata, type ServerErrorResponse, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import { textOf } from "../../core/errors.ts";
import { InitFailure } from "./init-failure.ts";
import type { JsonObject } from "./json.ts";

type Struct = InstanceType<typeof structMessages.Struct>;

/** Property JSON of a message field; empty where the field is not set. */
export function fromStruct(struct: Struct | undefined): JsonObject {
  // A protobuf Struct holds JSON and nothing else.
  return (struct?.toJavaScript() ?? {}) as JsonObject;
}

/** A message field of property JSON. */
export function toStruct(object: JsonObject): Struct {
  // `fromJavaScript` asks for a mutable type and does not write to it.
  return structMessages.Struct.fromJavaScript(object as Parameters<typeof structMessages.Struct.fromJavaScript>[0]);
}

/** A unary handler of the gRPC server that answers with what `handle` resolves to, or with the error it rejects with. */
export function unary<Request, Response>(handle: (request: Request) => Response | Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, respond: sendUnaryData<Response>): void => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => respond(null, response),
        (error: unknown) => respond(toServiceError(error)),
      );
  };
}

/**
 * An error as the engine reads it. An {@link InitFailure} carries the object's state, so that the engine keeps it; after
 * any other error the engine keeps what it had.
 */
function toServiceError(error: unknown): ServerErrorResponse {
  const message = textOf(error);
  const base = { name: "ServiceError", message, details: message };
  if (!(error instanceof InitFailure)) return { ...base, code: status.FAILED_PRECONDITION };
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(initFailureStatus(error).serializeBinary()));
  return { ...base, code: status.UNKNOWN, metadata };
}

function initFailureStatus(failure: InitFailure) {
  const detail = new providerMessages.ErrorResourceInitFailed();
  detail.setId(failure.id);
  detail.setProperties(toStruct(failure.outputs));
  detail.setReasonsList([failure.message]);
  if (failure.inputs !== undefined) detail.setInputs(toStruct(failure.inputs));
  const packed = new anyMessages.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const answer = new statusMessages.Status();
  answer.setCode(status.UNKNOWN);
  answer.setMessage(failure.message);
  answer.addDetails(packed);
  return answer;
}
