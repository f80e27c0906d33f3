import { ApiClient } from "./api-client.ts";
import type { ApiResponse } from "./api-errors.ts";
import { type ApiRequest, subjectOf } from "./api-request.ts";

/** A client for a cluster that is only looked at: it sends nothing but reads, and never asks for a Secret. Throws otherwise. */
export class ReadOnlyClient extends ApiClient {
  override async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    refuseWrites(request);
    return super.send(request, signal);
  }

  override async open(...[request, idleTimeout, signal]: Parameters<ApiClient["open"]>): ReturnType<ApiClient["open"]> {
    refuseWrites(request);
    return super.open(request, idleTimeout, signal);
  }
}

function refuseWrites(request: ApiRequest): void {
  const { verb, resource } = subjectOf(request);
  if (request.method !== "GET") throw new Error(`a connection that only reads was asked to ${verb} ${resource}`);
  if (resource.split("/")[0] === "secrets")
    throw new Error(`a connection that only reads was asked to ${verb} Secrets`);
}
