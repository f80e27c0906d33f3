import { DeployError, faultLine } from "../../core/errors.ts";
import { fieldsOf } from "../hub/json.ts";

/** A name and a password, or what stands for them. */
export interface RegistryLogin {
  readonly user: string;
  readonly password: string;
}

/** Where Docker's configuration keeps the login of an account. */
export type LoginPlace =
  | { readonly kind: "none" }
  | { readonly kind: "login"; readonly login: RegistryLogin }
  /** Kept by the program `docker-credential-<helper>`. */
  | { readonly kind: "helper"; readonly helper: string };

/**
 * Finds an account in the text of Docker's `config.json`: its own helper, then the store of all, then what lies in the file.
 * `where` is the file, for errors. Throws `CONFIG_FILE` for what is no such file.
 * @see docker/cli cli/config/configfile/file.go, GetAuthConfig and GetCredentialsStore
 */
export function findLogin(text: string, account: string, where: string): LoginPlace {
  const config = fieldsOf(parse(text, where));
  const helper = byAccount(fieldsOf(config.credHelpers), account) ?? config.credsStore;
  if (typeof helper === "string" && helper !== "") return { kind: "helper", helper };
  const entry = byAccount(fieldsOf(config.auths), account);
  const login = loginOf(fieldsOf(entry));
  return login === undefined ? { kind: "none" } : { kind: "login", login };
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DeployError({
      code: "CONFIG_FILE",
      where,
      message: `Not readable as JSON: ${faultLine(error)}.`,
      cause: error,
    });
  }
}

/** Keys are hosts, or URLs of older versions of Docker. */
function byAccount(entries: Readonly<Record<string, unknown>>, account: string): unknown {
  const host = hostOf(account);
  return Object.entries(entries).find(([key]) => hostOf(key) === host)?.[1];
}

function hostOf(account: string): string {
  return account.replace(/^https?:\/\//, "").split("/")[0] ?? "";
}

function loginOf({ auth, username, password }: Readonly<Record<string, unknown>>): RegistryLogin | undefined {
  if (typeof username === "string" && typeof password === "string") return { user: username, password };
  if (typeof auth !== "string") return undefined;
  const plain = Buffer.from(auth, "base64").toString("utf8");
  const colon = plain.indexOf(":");
  return colon < 1 ? undefined : { user: plain.slice(0, colon), password: plain.slice(colon + 1) };
}
