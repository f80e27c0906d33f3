import { type ExecaError, execa } from "execa";
import { DeployError } from "../core/errors.ts";

/** Commit by branch; `HEAD` is the repository's own default branch. */
export type Branches = ReadonlyMap<string, string>;

/**
 * Asks a Git repository for its branches, without cloning it. Uses the machine's own keys and credential helpers, and never
 * asks a person for a password. Throws `ENV_TOOL` without git, `ENV_UNREACHABLE` where nobody answers, `E_SUPPLY` for what is
 * refused.
 */
export async function readBranches(url: string, signal: AbortSignal): Promise<Branches> {
  const args = ["ls-remote", "--", url, "HEAD", "refs/heads/*"];
  const env = { GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  try {
    const { stdout } = await execa("git", args, { env, cancelSignal: signal, stdin: "ignore", timeout: 60_000 });
    const found = stdout.matchAll(/^([0-9a-f]{40})\t(?:refs\/heads\/)?(.+)$/gm);
    return new Map([...found].map(([, commit = "", branch = ""]) => [branch, commit]));
  } catch (error) {
    signal.throwIfAborted();
    // execa rejects with nothing else.
    throw gitError(url, error as ExecaError);
  }
}

/** What git's last words mean, in the order in which they are looked for: it has one exit code for all of them. */
const meanings = [
  {
    words:
      /authentication failed|could not read (username|password)|permission denied|returned error: 40[13]|host key/i,
    code: "E_SUPPLY",
    meaning: "The server does not let us read it",
    hint: "git ls-remote URL must work on this machine without a question: set up a key or a credential helper.",
  },
  {
    words: /not found|does not (appear to be a git repository|exist)|not exported|returned error: 404/i,
    code: "E_SUPPLY",
    meaning: "There is no such repository, or it is hidden from us",
    hint: "Check the URL, and whether it needs a login.",
  },
  {
    words:
      /could not resolve host|unable to (connect|access)|connection (refused|timed out|reset)|timed out|certificate/i,
    code: "ENV_UNREACHABLE",
    meaning: "The server does not answer",
    hint: "Check that its host is reachable from here; behind a proxy set https_proxy.",
  },
] as const;

function gitError(url: string, cause: ExecaError): DeployError {
  if (cause.code === "ENOENT") {
    const hint = "Install git and put it on PATH.";
    return new DeployError({ code: "ENV_TOOL", where: "git", message: "git is not on PATH.", hint, cause });
  }
  if (cause.timedOut) {
    const hint = "Check that its host is reachable from here.";
    return new DeployError({ code: "ENV_UNREACHABLE", where: url, message: "No answer in 60 s.", hint, cause });
  }
  const said = String(cause.stderr ?? "").trim();
  const found = meanings.find(({ words }) => words.test(said));
  const lastWords = said.split("\n").findLast((line) => /^(fatal|error|remote): /i.test(line)) ?? said.split("\n")[0];
  return new DeployError({
    code: found?.code ?? "E_SUPPLY",
    where: url,
    message: `${found?.meaning ?? "git could not read its branches"} (${lastWords || cause.shortMessage}).`,
    ...(found === undefined ? {} : { hint: found.hint }),
    cause,
  });
}
