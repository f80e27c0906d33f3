import { DeployError } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/units.ts";
import { type Asking, pauseAfter } from "./ask.ts";
import type { AskLater, Hub, HubFile, OpenedFile, OpenRequest } from "./hub.ts";

/**
 * Asks for one byte of a file: hubs list gated repositories to everybody and refuse the first file. Throws what
 * {@link Hub.open} throws, and `ENV_UNREACHABLE` where no answer comes.
 */
export async function checkAccess(
  hub: Hub,
  { commit, files }: { readonly commit: string; readonly files: readonly HubFile[] },
  { clock, patience, where, signal }: Asking & { readonly signal: AbortSignal },
): Promise<void> {
  const file = files.find(({ bytes }) => bytes > 0);
  if (file === undefined) return;
  for (let attempt = 1; ; attempt++) {
    const opened = await look(hub, { file, commit, start: 0, end: 0 }, { limit: patience.stallAfter, signal });
    if (opened.kind === "opened") {
      opened.stream.destroy();
      return;
    }
    if (attempt >= patience.attempts) {
      throw new DeployError({
        code: "ENV_UNREACHABLE",
        where,
        message: `${file.path} was not given out in ${attempt} attempts; the last: ${opened.reason}.`,
        hint: "The listing came, the files do not: check that the hub's CDN is reachable from here too.",
      });
    }
    await clock.sleep(pauseAfter(attempt, opened, patience), signal);
  }
}

/** One attempt that ends within `limit`. */
async function look(
  hub: Hub,
  request: OpenRequest,
  { limit, signal }: { readonly limit: Milliseconds; readonly signal: AbortSignal },
): Promise<OpenedFile | AskLater> {
  const passed = AbortSignal.timeout(limit);
  try {
    return await hub.open(request, AbortSignal.any([signal, passed]));
  } catch (error) {
    signal.throwIfAborted();
    if (!passed.aborted) throw error;
    return { kind: "later", reason: `no answer within ${limit / 1000} s` };
  }
}
