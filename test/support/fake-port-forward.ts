import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";

/** Where port-forwards lead, and the open ones so that a test can cut them. */
export interface PortForwards {
  readonly podPorts: ReadonlyMap<string, number | string>;
  readonly portForwards: Set<{ terminate(): void }>;
}

const server = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) => (offered.has("v4.channel.k8s.io") ? "v4.channel.k8s.io" : false),
});

/** Answers a port-forward as a kubelet does: two channels, each beginning with the port's number. */
export function answerPortForward(
  api: PortForwards,
  upgrade: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): void {
  const url = new URL(upgrade.request.url ?? "/", "http://fake");
  const port = Number(url.searchParams.get("ports"));
  const pod = url.pathname.split("/").at(-2) ?? "";
  server.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (remote) => {
    api.portForwards.add(remote);
    remote.once("close", () => api.portForwards.delete(remote));
    remote.on("error", () => undefined);
    const number = Buffer.from([port & 0xff, port >> 8]);
    for (const channel of [0, 1]) remote.send(Buffer.concat([Buffer.from([channel]), number]));
    const target = api.podPorts.get(`${pod}:${port}`) ?? "no such pod";
    if (typeof target === "number") pump(remote, target);
    else refuse(remote, target);
  });
}

function refuse(remote: WebSocket, why: string): void {
  remote.send(Buffer.concat([Buffer.from([1]), Buffer.from(why)]));
  remote.close();
}

function pump(remote: WebSocket, port: number): void {
  const local = connect(port, "127.0.0.1");
  local.on("data", (chunk: Buffer) => {
    remote.send(Buffer.concat([Buffer.from([0]), chunk]), () => {
      if (remote.bufferedAmount < 4_000_000) local.resume();
    });
    if (remote.bufferedAmount >= 4_000_000) local.pause();
  });
  local.once("end", () => remote.close());
  local.once("error", (error) => refuse(remote, error.message));
  remote.on("message", (message: Buffer) => {
    if (message[0] !== 0 || local.write(message.subarray(1))) return;
    remote.pause();
    local.once("drain", () => remote.resume());
  });
  remote.once("close", () => local.destroy());
}
