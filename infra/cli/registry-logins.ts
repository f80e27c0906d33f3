import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { askCredentialHelper } from "../process/docker-credentials.ts";
import { findLogin, type RegistryLogin } from "../supply/registry/docker-config.ts";
import type { CommandWorld } from "./command.ts";

/** Looks logins up where `docker login` keeps them: in `DOCKER_CONFIG`, else in `~/.docker`. */
export function dockerLogins(env: CommandWorld["env"]): (account: string) => Promise<RegistryLogin | undefined> {
  const file = join(env.DOCKER_CONFIG ?? join(env.HOME ?? homedir(), ".docker"), "config.json");
  return async (account) => {
    if (!existsSync(file)) return undefined;
    const found = findLogin(readFileSync(file, "utf8"), account, file);
    switch (found.kind) {
      case "none":
        return undefined;
      case "login":
        return found.login;
      case "helper":
        return askCredentialHelper(found.helper, account);
      default:
        return found satisfies never;
    }
  };
}
