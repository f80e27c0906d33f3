import type { Engine } from "../engine.ts";
import { metricsText } from "../metrics-text.ts";
import { chat } from "../openai/chat.ts";
import { completions } from "../openai/completions.ts";
import { generate } from "../openai/generate.ts";
import { isAuthorized } from "./auth.ts";
import type { Exchange } from "./exchange.ts";
import { health } from "./health.ts";
import { flushCache, listModels, loads, modelInfo, oldLoad, oneModel, serverInfo } from "./info.ts";

type Handler = (engine: Engine, exchange: Exchange) => Promise<void> | void;

interface Route {
  readonly methods: readonly string[];
  readonly handler: Handler;
}

const get = (handler: Handler): Route => ({ methods: ["GET"], handler });
const post = (handler: Handler): Route => ({ methods: ["POST"], handler });

const routes: Readonly<Record<string, Route>> = {
  "/": { methods: ["GET", "HEAD"], handler: (_, exchange) => exchange.send(200, "SGLang is running") },
  "/ping": get((_, exchange) => exchange.send(200)),
  "/health": get(health),
  "/health_generate": get(health),
  "/model_info": get(modelInfo),
  "/get_model_info": get(modelInfo),
  "/server_info": get(serverInfo),
  "/get_server_info": get(serverInfo),
  "/weight_version": get(goneWeightVersion),
  "/get_weight_version": get(goneWeightVersion),
  "/v1/models": get(listModels),
  "/v1/loads": get(loads),
  "/get_load": get(oldLoad),
  "/flush_cache": { methods: ["GET", "POST"], handler: flushCache },
  "/v1/chat/completions": post(chat),
  "/v1/completions": post(completions),
  "/generate": { methods: ["POST", "PUT"], handler: generate },
};

/** Answers one request. Rejects where the client leaves or the process ends before the answer. */
export async function handle(engine: Engine, exchange: Exchange): Promise<void> {
  if (!isAuthorized(engine.args, exchange)) return exchange.send(401, { error: "Unauthorized" });
  const isMetrics = engine.args.enableMetrics && /^\/metrics\/?$/.test(exchange.path);
  if (isMetrics) return exchange.sendText(200, metricsText(engine), "text/plain; version=0.0.4; charset=utf-8");
  const route = exchange.path.startsWith("/v1/models/") ? get(oneModel) : routes[exchange.path];
  if (isPreflight(exchange)) return preflight(exchange);
  if (route === undefined) return exchange.send(404, { detail: "Not Found" });
  if (!route.methods.includes(exchange.method)) {
    return exchange.send(405, { detail: "Method Not Allowed" }, { allow: route.methods.join(", ") });
  }
  await route.handler(engine, exchange);
}

function goneWeightVersion(_: Engine, exchange: Exchange): void {
  const message =
    "Endpoint '/get_weight_version' or '/weight_version' is deprecated. Please use '/model_info' instead.";
  exchange.send(404, { object: "error", message, type: "404", param: null, code: 404 });
}

/** A browser's question before a request to another origin. */
function isPreflight(exchange: Exchange): boolean {
  const wanted = exchange.header("access-control-request-method");
  return exchange.method === "OPTIONS" && exchange.header("origin") !== undefined && wanted !== undefined;
}

function preflight(exchange: Exchange): void {
  exchange.sendText(200, "OK", "text/plain; charset=utf-8", {
    vary: "Origin",
    "access-control-allow-methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    "access-control-max-age": "600",
    "access-control-allow-credentials": "true",
    "access-control-allow-origin": exchange.header("origin") ?? "*",
  });
}
