import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import { startRogue } from "../../../test/support/rogues.ts";
import { answerQuestions } from "../child-process.ts";
import type { EnginesQuestion } from "../engines.ts";
import type { EngineAnswer } from "../floor.ts";

// Honest engine simulators, as many as the command line says, in real time. Node tells of every request that its HTTP server
// takes and every answer that it ends, so that they are timed without the simulator's knowledge.

let answers: EngineAnswer[] = [];

subscribe("http.server.request.start", (message) => {
  // Node's documentation promises both.
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
  const { socket } = request;
  let received = performance.now();
  request.once("end", () => {
    received = performance.now();
  });
  // The prober uses a connection for each request, so that the connection's bytes are the request's.
  response.once("close", () => {
    const bytes = { requestBytes: socket.bytesRead, answerBytes: socket.bytesWritten };
    answers.push({ engine: socket.localAddress ?? "", received, answered: performance.now(), ...bytes });
  });
});

const engines = await Promise.all(Array.from({ length: Number(process.argv[2]) }, () => startRogue(undefined, 1)));

answerQuestions<EnginesQuestion>(async (question) => {
  if (question === "targets") return engines.map(({ target }) => target);
  const taken = answers;
  answers = [];
  return taken;
});
