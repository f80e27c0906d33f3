/** Tells what is wrong with a body; undefined where nothing is. */
export type Flaw = (body: string) => string | undefined;

/** Wants an empty body. */
export const empty: Flaw = (body) => (body === "" ? undefined : `wanted none, got "${body.slice(0, 80)}"`);

/** Wants exactly this text. */
export function exactly(text: string): Flaw {
  return (body) => (body === text ? undefined : `wanted ${text}, got ${body.slice(0, 120)}`);
}

/** Wants a JSON object in which each dotted path holds a value that the test accepts. */
export function holding(wanted: Readonly<Record<string, (value: unknown) => boolean>>): Flaw {
  return (body) => {
    const parsed = parse(body);
    if (parsed === undefined) return `wanted JSON, got "${body.slice(0, 120)}"`;
    const wrong = Object.entries(wanted).find(([path, accepts]) => !accepts(valueAt(parsed, path)));
    return wrong && `${wrong[0]} holds ${JSON.stringify(valueAt(parsed, wrong[0])) ?? "nothing"}`;
  };
}

/** Wants the server's flat error body with this type and a message like the pattern. */
export function flatError(code: number, type: string, message: RegExp): Flaw {
  return holding({
    object: is("error"),
    message: (value) => message.test(String(value)),
    type: is(type),
    param: is(null),
    code: is(code),
  });
}

/** Wants a value equal to this one. */
export function is(wanted: unknown): (value: unknown) => boolean {
  return (value) => value === wanted;
}

/** Wants text, empty or not. */
export function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** Wants a number above 0. */
export function isPositive(value: unknown): boolean {
  return typeof value === "number" && value > 0;
}

/** One `data:` frame of a stream: parsed, or the closing text. */
export type Frame = { readonly json: unknown } | "[DONE]";

/** The frames of an event stream in order; anything that is not JSON and not `[DONE]` is a flaw in itself. */
export function framesOf(body: string): readonly Frame[] | string {
  const frames: Frame[] = [];
  for (const line of body.split("\n").filter((text) => text !== "")) {
    const text = line.startsWith("data: ") ? line.slice("data: ".length) : undefined;
    const json = text === undefined ? undefined : parse(text);
    if (text === "[DONE]") frames.push("[DONE]");
    else if (json !== undefined) frames.push({ json });
    else return `"${line.slice(0, 80)}" is no frame`;
  }
  return frames;
}

/** Walks `a.0.b` through objects and lists; undefined where there is nothing. */
export function valueAt(from: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => {
    if (value === null || typeof value !== "object") return undefined;
    // A list is read by its indexes, an object by its keys.
    return (value as Record<string, unknown>)[key];
  }, from);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
