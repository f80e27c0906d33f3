import { createHash } from "node:crypto";
import { parseConfig, problemsText } from "../../infra/config/parse.ts";
import { emptyLock } from "../../infra/spec/lock/lock.ts";
import { type PinnedStack, pinStack } from "../../infra/spec/pinned-stack.ts";

/** An image digest for tests. */
export const testDigest = `sha256:${"0f1e2d3c4b5a6978".repeat(4)}`;

/** The sha256 of a text, as hex digits. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Complete and pinned settings: the defaults, with `settings` in their place. Throws with every problem that they have. */
export function stackConfig(settings: Readonly<Record<string, unknown>> = {}): PinnedStack {
  const parsed = parseConfig({ image: { digest: testDigest }, ...settings });
  if (parsed.kind === "problems") throw new Error(problemsText(parsed.problems));
  return pinStack(parsed.config, emptyLock, { where: "Pulumi.test.yaml", sha256 });
}
