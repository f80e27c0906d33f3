import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readStackFile } from "../../../infra/cli/stack-file.ts";
import { stackConfig, testDigest } from "../../support/stack-config.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stack-file-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  writeFileSync(join(folder, "Pulumi.prod.yaml"), text);
  return readStackFile(join(folder, "Pulumi.prod.yaml"));
}

test("the settings are those under config and keye-stack:stack", () => {
  const text = `
encryptionsalt: v1:abc
config:
  kubernetes:context: gpu
  keye-stack:stack:
    replicas: 4
    image: { digest: "${testDigest}" }
`;
  expect(read(text)).toEqual(stackConfig({ replicas: 4 }));
});

test.each([
  {
    what: "a file that is no YAML",
    text: "config: [",
    code: "CONFIG_FILE",
    message: /^CONFIG_FILE: .*Pulumi\.prod\.yaml: Not readable as YAML: /,
  },
  {
    what: "an empty file",
    text: "",
    code: "CONFIG_INVALID",
    message: /there are no settings\. Put them under keye-stack:stack/,
  },
  {
    what: "a file without our settings",
    text: "config: {}\n",
    code: "CONFIG_INVALID",
    message: /there are no settings\. Put them under keye-stack:stack/,
  },
  {
    what: "a list where the settings should be",
    text: "- a\n",
    code: "CONFIG_INVALID",
    message: /there are no settings\. Put them under keye-stack:stack/,
  },
])("$what is named", ({ text, code, message }) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
});

test("a stack without a file is told what to do", () => {
  expect(() => readStackFile(join(folder, "Pulumi.prod.yaml"))).toThrow(
    expect.objectContaining({
      code: "CONFIG_FILE",
      message: expect.stringMatching(
        /ENOENT.*Run it in the folder of Pulumi\.yaml, and name a stack that has a file there\.$/,
      ),
    }),
  );
});
