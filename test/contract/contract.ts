/** One request of the contract, and who may be asked it. */
export interface ContractRequest {
  readonly method?: "GET" | "POST" | "HEAD";
  readonly path: string;
  /** Sent with `content-type: application/json` unless `headers` say otherwise. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a server answered, and how long the client waited. */
export interface ContractAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly tookMs: number;
}

/** What the table must know of the server before it can ask: read from `/v1/models`. */
export interface ServerFacts {
  readonly model: string;
  /** Tokens. */
  readonly contextLength: number;
}

/** `prompt`: under half a second. `aSecond`: one whole second, as a health check that generates takes. */
export type TimingClass = "prompt" | "aSecond";

/** One promise of the server that this project relies on. */
export interface ContractRow {
  /** A sentence about the server. */
  readonly name: string;
  readonly request: (facts: ServerFacts) => ContractRequest;
  readonly status: number;
  /** Headers by lower-case name; each must begin with the text. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Says what is wrong with the body; undefined where it is as promised. */
  readonly flaw?: (body: string, facts: ServerFacts) => string | undefined;
  readonly timing?: TimingClass;
  /** Never forgotten after its admission: the server's drain never ends after it, so only a disposable server is asked. */
  readonly poisons?: true;
}

const bounds: Readonly<Record<TimingClass, readonly [from: number, to: number]>> = {
  prompt: [0, 500],
  // Slower than two seconds is a busy server, of which the contract promises nothing.
  aSecond: [950, 2_200],
};

/** Every way in which an answer breaks its row, as "what: wanted x, got y"; empty where it holds. */
export function breaches(row: ContractRow, answer: ContractAnswer, facts: ServerFacts): readonly string[] {
  const found: string[] = [];
  if (answer.status !== row.status) {
    found.push(`status: wanted ${row.status}, got ${answer.status} "${answer.body.slice(0, 200)}"`);
    return found;
  }
  for (const [name, wanted] of Object.entries(row.headers ?? {})) {
    const got = String(answer.headers[name] ?? "none");
    if (!got.startsWith(wanted)) found.push(`${name}: wanted "${wanted}", got "${got}"`);
  }
  const flaw = row.flaw?.(answer.body, facts);
  if (flaw !== undefined) found.push(`body: ${flaw}`);
  if (row.timing !== undefined) {
    const [from, to] = bounds[row.timing];
    if (answer.tookMs < from || answer.tookMs > to) {
      found.push(`time: wanted ${from} to ${to} ms, got ${Math.round(answer.tookMs)} ms`);
    }
  }
  return found;
}

/** Reads what the table must know, or throws where `/v1/models` is no list with one model. */
export function factsFrom(models: ContractAnswer): ServerFacts {
  const card = JSON.parse(models.body).data[0];
  return { model: String(card.id), contextLength: Number(card.max_model_len) };
}
