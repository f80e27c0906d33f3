import type { Clock } from "../../core/clock.ts";
import { DeployError } from "../../core/errors.ts";
import type { RegistryPlace } from "../../core/image-reference.ts";
import { askSmall, type Patience, type SmallAnswer } from "../hub/ask.ts";
import { fieldsOf, parseJson } from "../hub/json.ts";
import { type Challenge, parseChallenge } from "./challenge.ts";
import type { RegistryLogin } from "./docker-config.ts";

/** What asking registries needs of the world. */
export interface RegistryWorld {
  readonly clock: Clock;
  /** @default `registryPatience`: about ten seconds */
  readonly patience?: Patience;
  /** The login that is kept for an account; undefined where there is none. */
  readonly loginFor: (account: string) => Promise<RegistryLogin | undefined>;
}

/** A person waits: ten seconds against a registry that is away. */
const registryPatience: Patience = { attempts: 4, firstPause: 1_000, stallAfter: 20_000, stalls: 1 };

/** What is asked for. */
export interface RegistryQuestion {
  readonly method: "HEAD" | "GET";
  /** Below `/v2/<name>/`, such as `manifests/latest`. */
  readonly path: string;
  readonly accept: string;
}

/** Asks one repository, and proves who asks when the registry wants that. */
export class RegistrySession {
  readonly place: RegistryPlace;
  readonly #world: RegistryWorld;
  #authorization: string | undefined;

  constructor(place: RegistryPlace, world: RegistryWorld) {
    this.place = place;
    this.#world = world;
  }

  /**
   * The final answer, whatever its status. Throws `E_SUPPLY` where who asks is refused, `ENV_UNREACHABLE` where nobody
   * answers.
   */
  async ask(question: RegistryQuestion, signal: AbortSignal): Promise<SmallAnswer> {
    const first = await this.#askOnce(question, signal);
    if (first.status !== 401) return first;
    const challenge = parseChallenge(first.headers["www-authenticate"]);
    const login = await this.#world.loginFor(this.place.account);
    this.#authorization = await this.#answerTo(challenge, login, signal);
    const second = this.#authorization === undefined ? first : await this.#askOnce(question, signal);
    if (second.status === 401 || second.status === 403) throw this.#refused(second.status, login);
    return second;
  }

  get #where(): string {
    return `${this.place.host}/${this.place.name}`;
  }

  #askOnce({ method, path, accept }: RegistryQuestion, signal: AbortSignal): Promise<SmallAnswer> {
    const { host, name } = this.place;
    const url = new URL(`${isLoopback(host) ? "http" : "https"}://${host}/v2/${name}/${path}`);
    const authorization = this.#authorization;
    const authorize = async () => (authorization === undefined ? noHeaders : { authorization });
    return this.#small({ method, url, headers: { accept }, authorize }, signal);
  }

  async #answerTo(
    challenge: Challenge | undefined,
    login: RegistryLogin | undefined,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (challenge === undefined) return undefined;
    if (challenge.kind === "basic") return login === undefined ? undefined : basic(login);
    const token = await this.#fetchToken(challenge, login, signal);
    return `Bearer ${token}`;
  }

  /** @see distribution/distribution docs, Token Authentication Specification */
  async #fetchToken(
    { realm, service, scope }: Extract<Challenge, { kind: "bearer" }>,
    login: RegistryLogin | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    const url = this.#tokenUrl(realm);
    if (service !== undefined) url.searchParams.set("service", service);
    url.searchParams.set("scope", scope ?? `repository:${this.place.name}:pull`);
    const authorize = async () => (login === undefined ? noHeaders : { authorization: basic(login) });
    const answer = await this.#small({ url, authorize }, signal);
    if (answer.status !== 200) throw this.#refused(answer.status, login);
    const { token, access_token } = fieldsOf(parseJson(answer.text, this.#where));
    if (typeof token === "string") return token;
    if (typeof access_token === "string") return access_token;
    throw this.#refused(answer.status, login);
  }

  /** A password must not travel in the open because a registry says so. */
  #tokenUrl(realm: string): URL {
    const url = URL.canParse(realm) ? new URL(realm) : undefined;
    const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.host));
    if (url !== undefined && isSafe) return url;
    throw new DeployError({
      code: "E_SUPPLY",
      where: this.#where,
      message: `The registry sends us to ${realm} for a token, which is no https address.`,
      hint: "The registry is set up wrongly, or something stands between: tell who runs it.",
    });
  }

  #small(request: Parameters<typeof askSmall>[0], signal: AbortSignal): Promise<SmallAnswer> {
    const { clock, patience = registryPatience } = this.#world;
    return askSmall(request, { clock, patience, where: this.#where }, signal);
  }

  #refused(status: number, login: RegistryLogin | undefined): DeployError {
    const { host, account } = this.place;
    const isHub = account !== host;
    const command = isHub ? "docker login" : `docker login ${host}`;
    const [message, hint] =
      login === undefined
        ? [
            "it gives this repository to nobody without a login, or there is no such repository",
            "Check the name, then:",
          ]
        : [`it does not take the login of "${login.user}" for this repository`, "Log in with one that may pull:"];
    return new DeployError({
      code: "E_SUPPLY",
      where: this.#where,
      message: `The registry answered ${status}: ${message}.`,
      hint: `${hint} ${command}`,
    });
  }
}

const noHeaders: Readonly<Record<string, string>> = {};

function basic({ user, password }: RegistryLogin): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** Registries on this machine are asked by plain http, as Docker does. */
function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(host);
}
