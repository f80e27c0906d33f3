import * as pulumi from "@pulumi/pulumi";
import { withPlainErrors } from "./components/bridge.ts";
import { refuseForbiddenVariables } from "./components/forbidden-variables.ts";
import { declareStack } from "./components/stack.ts";
import { configError, parseConfig } from "./config/parse.ts";

const stack = await withPlainErrors(async () => {
  refuseForbiddenVariables(process.env);
  const parsed = parseConfig(new pulumi.Config("keye-stack").getObject("stack"));
  if (parsed.kind === "problems") throw configError(parsed.problems, `Pulumi.${pulumi.getStack()}.yaml`);
  return declareStack(parsed.config);
});

export const activeRevision = stack.activeRevision;
export const endpoint = stack.endpoint;
export const evidence = stack.evidence;
export const revision = stack.revision;
