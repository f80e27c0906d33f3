import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { numberOf, valueFault } from "../../../../infra/config/contracts/argument-value.ts";
import type { ContractFlag } from "../../../../infra/config/contracts/contract.ts";
import { readContract } from "../../../../infra/config/contracts/read-contract.ts";
import { keyeContract } from "../../../../infra/config/contracts/shipped.ts";
import { groupArguments, passedArguments } from "../../../../infra/config/engine-arguments.ts";
import { defaults, flags } from "../../../../infra/rehearsal/engine/arguments/flags.ts";
import { parseArguments } from "../../../../infra/rehearsal/engine/arguments/parse.ts";
import { readValue } from "../../../../infra/rehearsal/engine/arguments/values.ts";

const root = resolve(import.meta.dirname, "../../../..");

/** What a usage text cannot show: how a value is read. Each was read in the source. */
const typesFromSource: Readonly<Record<string, string>> = {
  "--prefill-delayer-forward-passes-buckets": "float",
  "--prefill-delayer-wait-seconds-buckets": "float",
  "--watchdog-timeout": "float",
  "--bucket-time-to-first-token": "float",
  "--bucket-inter-token-latency": "float",
  "--bucket-e2e-request-latency": "float",
  "--preferred-sampling-params": "json",
  "--triton-attention-split-tile-size": "int",
  "--numa-node": "int",
  "--gc-threshold": "int",
  "--debug-tensor-dump-layers": "int",
  "--remote-instance-weight-loader-send-weights-group-ports": "json",
  "--forward-hooks": "json",
};

/** What the server has made of its defaults by the time that it is asked. */
const resolvedAfterParsing = [
  "load_balance_method",
  "speculative_moe_runner_backend",
  "expert_distribution_recorder_buffer_size",
  "mamba_scheduler_strategy",
  "custom_weight_loader",
  "mm_process_config",
  "model_path",
];

function first({ names }: ContractFlag): string {
  return names[0] ?? "";
}

describe("the contract of the Keye branch", () => {
  test("is a contract", () => {
    const file = resolve(root, "infra/config/contracts/keye-vl-v2-30b-release.json");
    expect(readContract(readFileSync(file, "utf8")).kind).toBe("contract");
  });

  test("has the arguments of the recorded usage text, in its order, with their choices and number of values", () => {
    const parts = (flag: { readonly choices?: readonly string[]; readonly nargs?: string }) => ({
      choices: flag.choices,
      nargs: flag.nargs,
    });
    const ours = keyeContract.flags.map((flag) => ({ name: first(flag), ...parts(flag) }));
    expect(ours).toEqual(flags.map((flag) => ({ name: flag.flags[0], ...parts(flag) })));
  });

  test("has every name that the recorded server's parser knows", () => {
    const names = new Set(keyeContract.flags.flatMap((flag) => flag.names));
    expect(flags.flatMap((flag) => flag.flags).filter((name) => !names.has(name))).toEqual([]);
  });

  test("reads values as that parser does, but for what the source says better", () => {
    const recorded = new Map(flags.map((flag) => [flag.flags[0], flag.type]));
    const others = keyeContract.flags.filter((flag) => recorded.get(first(flag)) !== flag.type);
    expect(Object.fromEntries(others.map((flag) => [first(flag), flag.type]))).toEqual(typesFromSource);
  });

  test("has the defaults that the server reports, but for those that it resolves", () => {
    const others = keyeContract.flags.filter(
      ({ dest, default: ours }) =>
        Object.hasOwn(defaults, dest) && JSON.stringify(ours) !== JSON.stringify(defaults[dest]),
    );
    // A deprecated spelling fills the field of the present one.
    expect(new Set(others.map(({ dest }) => dest))).toEqual(new Set(resolvedAfterParsing));
  });

  test("lists each argument that the chart passes, and no other is said to be passed", () => {
    const template = readFileSync(resolve(root, "charts/keye-sglang/templates/_engine.tpl"), "utf8");
    const [arguments_ = ""] = template.split("{{- end -}}", 1);
    const passed = [...arguments_.matchAll(/"(--[a-z-]+)/g)].map((match) => match[1] ?? "");
    expect([...passedArguments, ...groupArguments].sort()).toEqual(passed.sort());
  });
});

describe("a value", () => {
  const values = [undefined, "1", "0.5", "256K", "256Ki", '{"image":8}'];

  function isAcceptedByServer(flag: ContractFlag, value: string | undefined): boolean {
    const word = value === undefined ? first(flag) : `${first(flag)}=${value}`;
    return parseArguments(["--model-path=m", word]).kind === "args";
  }

  const comparable = keyeContract.flags.filter((flag) => !Object.hasOwn(typesFromSource, first(flag)));

  test.each(values)(
    "%j is refused for exactly the arguments for which the recorded server's parser refuses it",
    (value) => {
      const ours = comparable.filter((flag) => valueFault(flag, value) === undefined).map(first);
      expect(ours).toEqual(comparable.filter((flag) => isAcceptedByServer(flag, value)).map(first));
    },
  );

  test.each(["", " 7 ", "-1", "+1", "1_000", "256k", "1.5M", "1.5Ki", "1e3", "1.", ".5", "0x10", "k", "2 Ki"])(
    "%j is a size for the contract if it is one for that parser",
    (text) => {
      const size = { flags: ["--x"], dest: "x", type: "humanInt" } as const;
      const read = readValue(size, text);
      expect(numberOf("humanInt", text)).toBe("value" in read ? read.value : undefined);
    },
  );

  test("of its choices is accepted, each of them", () => {
    const refused = keyeContract.flags.flatMap((flag) =>
      (flag.choices ?? []).filter((choice) => valueFault(flag, choice) !== undefined),
    );
    expect(refused).toEqual([]);
  });
});
