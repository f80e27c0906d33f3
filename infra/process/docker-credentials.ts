import { type ExecaError, execa } from "execa";
import { DeployError } from "../core/errors.ts";

/** A login as a credential helper gives it. */
export interface HelpedLogin {
  readonly user: string;
  readonly password: string;
}

/**
 * Asks the program `docker-credential-<helper>` for the login of an account. Undefined where it keeps none. Throws
 * `ENV_TOOL` where the program is missing or fails, and for an identity token, which is no password.
 * @see docker/docker-credential-helpers client/client.go
 */
export async function askCredentialHelper(helper: string, account: string): Promise<HelpedLogin | undefined> {
  const program = `docker-credential-${helper}`;
  try {
    const { stdout } = await execa(program, ["get"], { input: account, timeout: 30_000 });
    return loginOf(program, stdout);
  } catch (error) {
    if (error instanceof DeployError) throw error;
    // execa rejects with nothing else.
    const { code, stdout, stderr, shortMessage } = error as ExecaError;
    const said = `${stdout ?? ""}${stderr ?? ""}`.trim();
    if (/credentials not found/i.test(said)) return undefined;
    throw helperError(
      program,
      code === "ENOENT"
        ? "It is not on PATH, and Docker's configuration names it."
        : `It failed: ${said || shortMessage}.`,
    );
  }
}

function loginOf(program: string, text: string): HelpedLogin {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  const { Username: user, Secret: password } = Object(answer);
  if (typeof user !== "string" || typeof password !== "string") throw helperError(program, "Its answer is no login.");
  if (user === "<token>") throw helperError(program, "It keeps an identity token, which cannot be used here.");
  return { user, password };
}

function helperError(program: string, message: string): DeployError {
  return new DeployError({
    code: "ENV_TOOL",
    where: program,
    message,
    hint: "Point DOCKER_CONFIG to a folder with a config.json that holds a name and a password.",
  });
}
