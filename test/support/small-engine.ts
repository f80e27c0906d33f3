import { createServer } from "node:http";
import type { EngineExit, EngineLaunch, EngineProcess } from "../../infra/rehearsal/engine/launch.ts";

/**
 * A process that answers 200 to everything on the port of its command line, with its pod's address in the body. The fault
 * `crash` has it exit 1 at once; SIGTERM ends it with 0.
 */
export function launchSmallEngine(launch: EngineLaunch): EngineProcess {
  const { promise, resolve } = Promise.withResolvers<EngineExit>();
  const port = Number(launch.argv.find((word) => word.startsWith("--port="))?.slice("--port=".length));
  const server = createServer((_, response) => response.end(`from ${launch.address}\n`));
  const end = (exit: EngineExit) => {
    server.close();
    server.closeAllConnections();
    resolve(exit);
  };
  launch.log(`small engine: ${launch.argv.join(" ")}`);
  if (launch.fault === "crash") {
    launch.log("ValueError: scripted crash");
    end({ exitCode: 1 });
  } else {
    server.listen(port, launch.address, () => launch.log("The server is fired up and ready to roll!"));
  }
  return {
    exited: promise,
    kill: (signal) => end(signal === "SIGTERM" ? { exitCode: 0 } : { exitCode: 137, signal: 9 }),
  };
}
