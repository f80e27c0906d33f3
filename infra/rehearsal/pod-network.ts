import { Socket } from "node:net";
import { loopbackOf } from "./pod-address.ts";

/**
 * Puts this process into the network of a rehearsal's pods: from now on, connections to a pod's address `10.N.a.b` of that
 * rehearsal go to the loopback address that stands for it, as they would from inside a pod. `podIP` is any of its pods'.
 * Returns the way back out.
 */
export function joinPodNetwork(podIP: string): () => void {
  const range = `${podIP.split(".").slice(0, 2).join(".")}.`;
  const connect = Socket.prototype.connect;
  // `net.connect` hands over its arguments as one list; everybody else calls it with options, or with port and host.
  function toLoopback(this: Socket, ...args: unknown[]): Socket {
    const options: unknown = Array.isArray(args[0]) ? args[0][0] : args[0];
    if (hasHost(options) && options.host.startsWith(range)) options.host = loopbackOf(options.host);
    if (typeof args[1] === "string" && args[1].startsWith(range)) args[1] = loopbackOf(args[1]);
    return Reflect.apply(connect, this, args);
  }
  Socket.prototype.connect = toLoopback;
  return () => {
    Socket.prototype.connect = connect;
  };
}

function hasHost(options: unknown): options is { host: string } {
  return typeof options === "object" && options !== null && "host" in options && typeof options.host === "string";
}
