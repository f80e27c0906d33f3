import { createServer, type Server } from "node:net";
import { DeployError } from "../core/errors.ts";
import { controlAddress, octets } from "./pod-address.ts";

/** Port on which a rehearsal holds its claim on 127.N.0.0/16. */
const claimPort = 19_447;

/** The hold on one N of 127.N.0.0/16, and on the pod range 10.N.0.0/16 that mirrors it. */
export interface OctetClaim {
  readonly octet: number;
  release(): Promise<void>;
}

/** Takes the first N that no other rehearsal of this machine holds. The kernel drops the claim with the process. */
export async function claimOctet(): Promise<OctetClaim> {
  for (let octet = octets.first; octet <= octets.last; octet++) {
    const server = await listen(controlAddress(octet), claimPort);
    if (server === undefined) continue;
    server.on("connection", (socket) => socket.destroy());
    server.unref();
    return { octet, release: () => closed(server) };
  }
  throw new DeployError({
    code: "ENV_PORT_TAKEN",
    where: `127.${octets.first}.0.1:${claimPort} to 127.${octets.last}.0.1:${claimPort}`,
    message: `All ${octets.last - octets.first + 1} address ranges for rehearsals are taken.`,
    hint: `End a rehearsal (keye rehearse down), or the program that listens on port ${claimPort}.`,
  });
}

/** `count` ports of `host` that nothing listens on now, all different. */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(host, 0)));
  const ports: number[] = [];
  for (const server of servers) {
    const address = server?.address();
    if (server === undefined || address === null || typeof address !== "object") continue;
    ports.push(address.port);
    await closed(server);
  }
  return ports;
}

/** Rejects with `ENV_PORT_TAKEN` where something listens on the port that was asked for. */
export async function assertPortFree(host: string, port: number): Promise<void> {
  const server = await listen(host, port);
  if (server !== undefined) return closed(server);
  throw new DeployError({
    code: "ENV_PORT_TAKEN",
    where: `${host}:${port}`,
    message: "Another program listens on this port already.",
    hint: "Choose another one with --port, or leave --port out for a free one.",
  });
}

function listen(host: string, port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => server.close((error) => (error === undefined ? resolve() : reject(error))));
}
