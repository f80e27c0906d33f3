import { RequestError } from "./error-body.ts";
import { PythonText, pythonRepr } from "./python-repr.ts";

/** One complaint of pydantic. */
export interface Complaint {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

const file = "/sgl-workspace/sglang/python/sglang/srt/entrypoints/http_server.py";

/** The 400 that FastAPI's validation errors become, with the server's own file path in it. */
export function validationError(path: string, complaints: readonly Complaint[]): RequestError {
  const shown = complaints.map((complaint) => pythonRepr({ ...complaint, loc: tuple(complaint.loc) }));
  const count = `${complaints.length} validation error${complaints.length === 1 ? "" : "s"}`;
  const [line, name] = handlers[path] ?? [1490, "openai_v1_chat_completions"];
  return new RequestError(
    400,
    "Bad Request",
    `${count}:\n${shown.map((text) => `  ${text}\n`).join("")}\n` +
      `  File "${file}", line ${line}, in ${name}\n    POST ${path} [${shown.join(", ")}]`,
  );
}

const handlers: Readonly<Record<string, readonly [line: number, name: string]>> = {
  "/v1/chat/completions": [1490, "openai_v1_chat_completions"],
  "/v1/completions": [1479, "openai_v1_completions"],
  "/generate": [683, "generate_request"],
};

function tuple(items: readonly (string | number)[]): PythonText {
  return new PythonText(`(${items.map(pythonRepr).join(", ")}${items.length === 1 ? "," : ""})`);
}

/** Reads a JSON body, or throws the 400 that a missing content type, an empty body or bad JSON gets. */
export function readJsonBody(path: string, contentType: string | undefined, body: string): Record<string, unknown> {
  if (contentType?.split(";", 1)[0]?.trim().toLowerCase() !== "application/json") {
    const message = pythonRepr({
      loc: ["header", "content-type"],
      msg: "Unsupported Media Type: Only 'application/json' is allowed",
      type: "value_error",
    });
    throw new RequestError(400, "Bad Request", `1 validation error:\n  ${message} [${message}]`);
  }
  if (body === "")
    throw validationError(path, [{ type: "missing", loc: ["body"], msg: "Field required", input: null }]);
  const value = parse(path, body);
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return { ...value };
  throw validationError(path, [
    {
      type: "model_attributes_type",
      loc: ["body"],
      msg: "Input should be a valid dictionary or object to extract fields from",
      input: value,
    },
  ]);
}

function parse(path: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const found = jsonMistake(body);
    throw validationError(path, [
      {
        type: "json_invalid",
        loc: ["body", found.at],
        msg: "JSON decode error",
        input: {},
        ctx: { error: found.error },
      },
    ]);
  }
}

/** Where Python's JSON decoder stops, and what it says there. `text` is known to be no JSON. */
function jsonMistake(text: string): { readonly at: number; readonly error: string } {
  let at = 0;
  const stop = (error: string, where = at): never => {
    throw new Mistake(where, error);
  };
  const space = () => {
    while (/[ \t\n\r]/.test(text[at] ?? "")) at++;
  };
  const string = () => {
    const start = at;
    const match = /^"(?:[^"\\\n]|\\.)*"/.exec(text.slice(at));
    if (match === null) stop("Unterminated string starting at", start);
    at += match?.[0].length ?? 0;
  };
  const members = (close: string, member: () => void) => {
    at++;
    space();
    if (text[at] === close) {
      at++;
      return;
    }
    for (;;) {
      member();
      space();
      if (text[at] === close) {
        at++;
        return;
      }
      if (text[at] !== ",") stop("Expecting ',' delimiter");
      at++;
      space();
    }
  };
  const property = () => {
    if (text[at] !== '"') stop("Expecting property name enclosed in double quotes");
    string();
    space();
    if (text[at] !== ":") stop("Expecting ':' delimiter");
    at++;
    value();
  };
  const value = () => {
    space();
    if (text[at] === "{") return members("}", property);
    if (text[at] === "[") return members("]", value);
    if (text[at] === '"') return string();
    const atom = /^(?:true|false|null|NaN|-?Infinity|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(text.slice(at));
    if (atom === null) stop("Expecting value");
    at += atom?.[0].length ?? 0;
  };
  try {
    value();
    space();
    return { at, error: "Extra data" };
  } catch (error) {
    if (error instanceof Mistake) return { at: error.at, error: error.message };
    throw error;
  }
}

class Mistake extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}
