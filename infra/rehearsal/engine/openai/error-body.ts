/** The flat error body of the server; only streams nest it under `error`. */
export interface ErrorBody {
  readonly object: "error";
  readonly message: string;
  readonly type: string;
  readonly param: null;
  readonly code: number;
}

/** An answer that is an error, thrown where it is found and sent where the request came in. */
export class RequestError extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }

  get body(): ErrorBody {
    return { object: "error", message: this.message, type: this.type, param: null, code: this.status };
  }
}

/** A request that the server understood and refuses. */
export function badRequest(message: string): RequestError {
  return new RequestError(400, "BadRequestError", message);
}

/** What goes wrong while a picture or video is fetched or decoded: the server calls its client's fault its own. */
export function mediaError(message: string): RequestError {
  return new RequestError(500, "InternalServerError", `Internal server error: ${message}`);
}
