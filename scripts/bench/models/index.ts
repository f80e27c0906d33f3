import * as pulumi from "@pulumi/pulumi";
import { withPlainErrors } from "../../../infra/components/bridge.ts";
import { sha256 } from "../../../infra/components/pinned-stack.ts";
import { declareStacks } from "../../../infra/components/stack.ts";
import { configError, parseConfig } from "../../../infra/config/parse.ts";
import { emptyLock } from "../../../infra/spec/lock/lock.ts";
import { pinStack } from "../../../infra/spec/pinned-stack.ts";

const config = new pulumi.Config("keye-stack");

/** `keye-stack:models` copies of the settings, each with a name and a namespace of its own. */
await withPlainErrors(async () => {
  const settings = config.requireObject<object>("stack");
  const [first, ...others] = Array.from({ length: config.requireNumber("models") }, (_, index) =>
    pinned({ ...settings, name: `keye-${index}`, namespace: `keye-${index}` }),
  );
  return first === undefined ? [] : declareStacks([first, ...others]);
});

function pinned(settings: object) {
  const where = "the bench's settings";
  const parsed = parseConfig(settings);
  if (parsed.kind === "problems") throw configError(parsed.problems, where);
  return pinStack(parsed.config, emptyLock, { where, sha256 });
}
