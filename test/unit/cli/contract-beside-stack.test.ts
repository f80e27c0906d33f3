import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readStackFile } from "../../../infra/cli/stack-file.ts";
import { textsIn } from "../../../infra/components/contract-file.ts";
import { keyeContract } from "../../../infra/config/contracts/shipped.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contract-"));
  mkdirSync(join(folder, "contracts"));
  const flags = [...keyeContract.flags, { names: ["--fork-flag"], dest: "fork_flag", type: "flag" }];
  writeFileSync(join(folder, "contracts/fork.json"), JSON.stringify({ ...keyeContract, name: "fork", flags }));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function stackWith(contract: string): string {
  const file = join(folder, "Pulumi.prod.yaml");
  const engine = { argumentsContract: contract, extraArgs: ["--fork-flag"] };
  writeFileSync(file, JSON.stringify({ config: { "keye-stack:stack": { engine } } }));
  return file;
}

describe("a contract", () => {
  test("is read from beside the stack file by keye, wherever keye is run", () => {
    expect(readStackFile(stackWith("contracts/fork.json")).engine.extraArgs).toEqual(["--fork-flag"]);
  });

  test("that is not there is told with the settings' other problems", () => {
    expect(() => readStackFile(stackWith("contracts/other.json"))).toThrow(
      "engine.argumentsContract: contracts/other.json cannot be used: there is no such file beside the stack file.",
    );
  });

  test("is read from the folder of the program by pulumi", () => {
    expect(textsIn(folder)("contracts/fork.json")).toContain("--fork-flag");
    expect(textsIn(folder)("contracts/other.json")).toBeUndefined();
  });

  test("that is no file is an error of its own", () => {
    expect(() => readStackFile(stackWith("contracts"))).toThrow("the project brings no contract of this name");
    mkdirSync(join(folder, "folder.json"));
    expect(() => readStackFile(stackWith("folder.json"))).toThrow("CONFIG_FILE");
  });
});
