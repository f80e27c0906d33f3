import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { withPlainErrors } from "./components/bridge.ts";
import { textsIn } from "./components/contract-file.ts";
import { refuseForbiddenFlags, refuseForbiddenVariables } from "./components/forbidden-variables.ts";
import { readPinnedStack } from "./components/pinned-stack.ts";
import { declareStack } from "./components/stack.ts";
import { configError, parseConfig } from "./config/parse.ts";

const stack = await withPlainErrors(async () => {
  refuseForbiddenVariables(process.env);
  refuseForbiddenFlags();
  const stackFile = `Pulumi.${pulumi.getStack()}.yaml`;
  const folder = resolve(import.meta.dirname, "..");
  const parsed = parseConfig(new pulumi.Config("keye-stack").getObject("stack"), textsIn(folder));
  if (parsed.kind === "problems") throw configError(parsed.problems, stackFile);
  return declareStack(readPinnedStack(parsed.config, folder, stackFile));
});

export const activeRevision = stack.activeRevision;
export const endpoint = stack.endpoint;
export const evidence = stack.evidence;
export const outageSeconds = stack.outageSeconds;
export const revision = stack.revision;
