import { expect, test } from "vitest";
import { quoteTail, redact } from "../../../infra/core/redact.ts";

test.each([
  ["api_key='abc123', admin_api_key=None, host='0.0.0.0'", "api_key=[hidden], admin_api_key=None, host='0.0.0.0'"],
  ['{"api_key": "abc123", "port": 8000}', '{"api_key": [hidden], "port": 8000}'],
  ['{\\"api_key\\": \\"abc123\\", \\"port\\": 8000}', '{\\"api_key\\": [hidden], \\"port\\": 8000}'],
  ["error near api_key='abc1…", "error near api_key=[hidden]"],
  ["--api-key abc123 --port 8000", "--api-key [hidden] --port 8000"],
  ["--api-key=abc123", "--api-key=[hidden]"],
  ["Authorization: Bearer abc.def-123456", "Authorization: Bearer [hidden]"],
  ["token hf_AbCdEfGhIjKlMnOp is invalid", "token [hidden] is invalid"],
  ["HF_TOKEN=hf_AbCdEfGhIjKlMnOp", "HF_TOKEN=[hidden]"],
  ["https://user:pass@registry.example/v2", "https://user:[hidden]@registry.example/v2"],
  ["url: data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==", "url: data:[media left out]"],
  ["prompt_tokens=12, max_total_num_tokens=524288", "prompt_tokens=12, max_total_num_tokens=524288"],
  ["The server is fired up and ready to roll!", "The server is fired up and ready to roll!"],
])("%j is shown as %j", (text, wanted) => {
  expect(redact(text)).toBe(wanted);
});

test("a tail holds the last lines that say something, none longer than 300 characters", () => {
  const tail = quoteTail(["first", "", "x".repeat(400), "  ", "api_key='abc'"], 2);
  expect(tail).toEqual([`${"x".repeat(299)}…`, "api_key=[hidden]"]);
});
