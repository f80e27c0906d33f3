import { describe, expect, test } from "vitest";
import { flags } from "../../../infra/rehearsal/engine/arguments/flags.ts";
import { parseArguments } from "../../../infra/rehearsal/engine/arguments/parse.ts";
import { usageLines } from "../../../infra/rehearsal/engine/arguments/usage.ts";
import { serverWords } from "../../../infra/rehearsal/engine/command.ts";
import { readRecording } from "./recording.ts";

function fieldsOf(words: readonly string[]) {
  const parsed = parseArguments(["--model-path=m", ...words]);
  if (parsed.kind === "exit") throw new Error(parsed.lines.at(-1));
  return parsed.fields;
}

describe("the command line", () => {
  test("has the recorded usage text, line by line", () => {
    expect(usageLines(flags).join("\n")).toBe(readRecording("usage.txt").trimEnd());
  });

  test.each<[words: readonly string[], field: string, value: unknown]>([
    [["--tp-size=2"], "tp_size", 2],
    [["--tp-size", "2"], "tp_size", 2],
    [["--tensor-parallel-size=4"], "tp_size", 4],
    [["--tp=2"], "tp_size", 2],
    [["--mem-frac", "0.8"], "mem_fraction_static", 0.8],
    [["--ep=2"], "ep_size", 2],
    [["--context-length=262144"], "context_length", 262_144],
    [["--context-length=256k"], "context_length", 256_000],
    [["--context-length=256Ki"], "context_length", 262_144],
    [["--max-total-tokens=1.5M"], "max_total_tokens", 1_500_000],
    [["--chunked-prefill-size", "-1"], "chunked_prefill_size", -1],
    [["--trust-remote-code"], "trust_remote_code", true],
    [["--no-record-nolora-graph"], "record_nolora_graph", false],
    [
      ["--uvicorn-access-log-exclude-prefixes", "/health", "/metrics"],
      "uvicorn_access_log_exclude_prefixes",
      ["/health", "/metrics"],
    ],
    [["--limit-mm-data-per-request", '{"image":8}'], "limit_mm_data_per_request", { image: 8 }],
    [["--port=8000", "--port=8001"], "port", 8001],
    [[], "host", "127.0.0.1"],
    [[], "port", 30_000],
    [[], "weight_version", "default"],
  ])("%j sets %s", (words, field, value) => {
    expect(fieldsOf(words)[field]).toEqual(value);
  });

  test.each<[words: readonly string[], error: string]>([
    [["--no-such-flag"], "unrecognized arguments: --no-such-flag"],
    [["stray"], "unrecognized arguments: stray"],
    [["--tp-size=two"], "argument --tensor-parallel-size/--tp-size: invalid int value: 'two'"],
    [["--mem-fraction-static=lots"], "argument --mem-fraction-static: invalid float value: 'lots'"],
    [["--port"], "argument --port: expected one argument"],
    [["--port", "--tp-size=2"], "argument --port: expected one argument"],
    [["--cuda-graph-bs"], "argument --cuda-graph-bs: expected at least one argument"],
    [["--trust-remote-code=yes"], "argument --trust-remote-code: ignored explicit argument 'yes'"],
    [["--tokenizer-mode=fast"], "argument --tokenizer-mode: invalid choice: 'fast' (choose from 'auto', 'slow')"],
    [
      ["--mm-p=1"],
      "ambiguous option: --mm-p=1 could match --mm-per-request-timeout, --mm-processor-workers, --mm-process-config",
    ],
    [["--limit-mm-data-per-request=x"], "argument --limit-mm-data-per-request: invalid loads value: 'x'"],
    [
      ["--context-length=256K"],
      "argument --context-length: Invalid integer value: '256K'. Use a plain integer, SI suffixes (1k, 1M), or IEC suffixes (1Ki, 1Mi). Suffixes are case-sensitive.",
    ],
    [
      ["--context-length=1.5Ki"],
      "argument --context-length: Decimals are not allowed with IEC suffixes like 'Ki'. Use an integer IEC value such as '1Ki', or an SI value such as '1.5K'.",
    ],
  ])("%j is refused after the usage text, with exit code 2", (words, error) => {
    const parsed = parseArguments(["--model-path=m", ...words]);
    expect(parsed).toMatchObject({ kind: "exit", exitCode: 2 });
    expect(parsed.kind === "exit" && parsed.lines[0]).toBe("usage: sglang serve [-h] --model-path MODEL_PATH");
    expect(parsed.kind === "exit" && parsed.lines.at(-1)).toBe(`sglang serve: error: ${error}`);
  });

  test("without a model path is refused", () => {
    const parsed = parseArguments([]);
    expect(parsed.kind === "exit" && parsed.lines.at(-1)).toBe(
      "sglang serve: error: the following arguments are required: --model-path/--model",
    );
  });
});

describe("a container's command line", () => {
  test.each<[argv: readonly string[], words: readonly string[] | undefined]>([
    [["python3", "-m", "sglang.launch_server", "--tp-size=2"], ["--tp-size=2"]],
    [["tini", "--", "python3", "-m", "sglang.launch_server", "--tp-size=2"], ["--tp-size=2"]],
    [["sglang", "serve", "--tp-size=2"], ["--tp-size=2"]],
    [
      ["/bin/sh", "-c", "exec python3 -m sglang.launch_server --tp-size=2 '--port=8000'"],
      ["--tp-size=2", "--port=8000"],
    ],
    [["nginx", "-g", "daemon off;"], undefined],
    [["/bin/sh", "-c", "sleep 1"], undefined],
  ])("%j", (argv, words) => {
    expect(serverWords(argv)).toEqual(words);
  });
});
