import { expect, test } from "vitest";
import { endpointFrom, hubCredentials, regionFrom } from "../../../infra/cli/hydrate-credentials.ts";
import { parseHydrateFlags } from "../../../infra/cli/hydrate-flags.ts";

const model = ["--source", "huggingface:owner/model"];

test("source and folder are enough", () => {
  expect(parseHydrateFlags([...model, "--to", "/models/keye"])).toEqual({
    source: { kind: "huggingface", repo: "owner/model" },
    revision: "main",
    dir: "/models/keye",
    choice: { include: [], exclude: [] },
    endpoint: undefined,
    region: undefined,
    parallelism: 8,
    isVerified: false,
    deadlineSeconds: 21_600,
    termination: undefined,
  });
});

test("ModelScope's main branch is master", () => {
  expect(parseHydrateFlags(["--source=modelscope:owner/model", "--list"])).toMatchObject({
    revision: "master",
    dir: undefined,
  });
});

test("a bucket may be named in the host of its store", () => {
  const endpoint = "https://{bucket}.oss-cn-beijing.aliyuncs.com";
  expect(parseHydrateFlags(["--source=s3://b/p", "--to=/m", `--endpoint=${endpoint}`])).toMatchObject({ endpoint });
});

test.each([
  [["--to", "/m"], "say where from: --source."],
  [[...model], "say where to, or --list: one of them."],
  [[...model, "--to", "/m", "--list"], "say where to, or --list: one of them."],
  [[...model, "--to", ""], "--to is empty."],
  [[...model, "--to", "/m", "--revision="], "--revision is empty."],
  [[...model, "--to", "/m", "--parallel", "0"], '--parallel "0" is no whole number from 1 to 64.'],
  [[...model, "--to", "/m", "--deadline", "1.5"], '--deadline "1.5" is no whole number from 1 to 604800.'],
  [[...model, "--to", "/m", "--endpoint", "hub"], '--endpoint "hub" is no http or https URL.'],
  [[...model, "--to", "/m", "--endpoint", "https://u:p@hub"], "--endpoint holds a user or a password."],
  [["--source", "https://h/f", "--to", "/m", "--endpoint", "https://x"], "an http source is its own endpoint."],
  [[...model, "--to", "/m", "more"], "unexpected more."],
  [[...model, "--token", "hf_x"], "unknown option --token"],
])("%j is refused", (args, message) => {
  expect(() => parseHydrateFlags(args)).toThrow(message);
});

test("tokens come from the environment, without the line's end that a file gives them", () => {
  expect(
    hubCredentials({
      HF_TOKEN: "hf\n",
      MODELSCOPE_API_TOKEN: "ms",
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "key",
      AWS_SESSION_TOKEN: "",
    }),
  ).toEqual({ huggingface: "hf", modelscope: "ms", s3: { accessKeyId: "id", secretAccessKey: "key" } });
  expect(hubCredentials({ HF_TOKEN: " ", AWS_ACCESS_KEY_ID: "id" })).toEqual({});
});

test("endpoints and region come from the variables of the sources' own tools", () => {
  const env = { HF_ENDPOINT: "https://mirror", AWS_ENDPOINT_URL: "https://store", AWS_DEFAULT_REGION: "eu-west-1" };
  expect(endpointFrom(env, "huggingface")).toBe("https://mirror");
  expect(endpointFrom(env, "modelscope")).toBeUndefined();
  expect(endpointFrom(env, "s3")).toBe("https://store");
  expect(endpointFrom(env, "http")).toBeUndefined();
  expect(regionFrom(env)).toBe("eu-west-1");
});
