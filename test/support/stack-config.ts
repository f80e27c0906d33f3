import { parseConfig, problemsText } from "../../infra/config/parse.ts";
import type { StackConfig } from "../../infra/config/stack-config.ts";

/** An image digest for tests. */
export const testDigest = `sha256:${"0f1e2d3c4b5a6978".repeat(4)}`;

/** Complete settings: the defaults, with `settings` in their place. Throws with every problem where the parser refuses them. */
export function stackConfig(settings: Readonly<Record<string, unknown>> = {}): StackConfig {
  const parsed = parseConfig({ image: { digest: testDigest }, ...settings });
  if (parsed.kind === "problems") throw new Error(problemsText(parsed.problems));
  return parsed.config;
}
