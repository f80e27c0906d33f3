import { expect, test } from "vitest";
import { refuseForbiddenFlags, refuseForbiddenVariables } from "../../infra/components/forbidden-variables.ts";

test.each([
  {},
  { PULUMI_CONTINUE_ON_ERROR: "" },
  { PULUMI_CONTINUE_ON_ERROR: "false" },
  { PULUMI_K8S_AWAIT_ALL: "true" },
])("%j is let pass", (env) => {
  expect(() => refuseForbiddenVariables(env)).not.toThrow();
});

test.each([
  { name: "PULUMI_CONTINUE_ON_ERROR", effect: "goes on after a failed gate, and may then delete what serves" },
  { name: "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", effect: "reports success when the cluster was never reached" },
  { name: "PULUMI_OPTION_CONTINUE_ON_ERROR", effect: "goes on after a failed gate, and may then delete what serves" },
  {
    name: "PULUMI_K8S_DELETE_UNREACHABLE",
    effect: "forgets objects that still run when the cluster cannot be reached",
  },
])("$name is refused with what it would do", ({ name, effect }) => {
  expect(() => refuseForbiddenVariables({ [name]: "1" })).toThrow(
    expect.objectContaining({
      code: "ENV_FORBIDDEN_VARIABLE",
      message: `ENV_FORBIDDEN_VARIABLE: ${name}: Set in the environment: ${name} ${effect}. Run: unset ${name}`,
    }),
  );
});

test("all of them are named at once", () => {
  const env = { PULUMI_K8S_DELETE_UNREACHABLE: "true", PULUMI_CONTINUE_ON_ERROR: "true" };
  expect(() => refuseForbiddenVariables(env)).toThrow(/unset PULUMI_CONTINUE_ON_ERROR PULUMI_K8S_DELETE_UNREACHABLE$/);
});

test.each(["--continue-on-error", "--continue-on-error=true"])("%s is refused with what it would do", (flag) => {
  expect(() => refuseForbiddenFlags(["pulumi", "up", flag, "--yes"])).toThrow(
    `ENV_FORBIDDEN_VARIABLE: ${flag}: Given to pulumi: ${flag} goes on after a failed gate, and may then delete what serves. Run it without.`,
  );
});

test.each([{ args: [] }, { args: ["pulumi", "up"] }, { args: ["pulumi", "up", "--continue-on-error=false"] }])(
  "$args is let pass",
  ({ args }) => {
    expect(() => refuseForbiddenFlags(args)).not.toThrow();
  },
);
