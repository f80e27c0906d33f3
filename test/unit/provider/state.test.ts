import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import {
  fromOutputs,
  importedInputs,
  inputsFromLive,
  previewed,
  toOutputs,
} from "../../../infra/rehearsal/provider/state.ts";
import { secret, unknownText } from "../../../infra/rehearsal/provider/values.ts";

describe("a refresh", () => {
  const cases: readonly { name: string; inputs: JsonObject; last: JsonObject; live: JsonObject; found: JsonObject }[] =
    [
      {
        name: "keeps what the program wrote where the server wrote it otherwise",
        inputs: { spec: { cpu: "0.5" } },
        last: { spec: { cpu: "500m" } },
        live: { spec: { cpu: "500m", defaulted: true } },
        found: { spec: { cpu: "0.5" } },
      },
      {
        name: "shows a field of ours that moved, and no field that is not ours",
        inputs: { spec: { replicas: 1 } },
        last: { spec: { replicas: 1, paused: false }, status: {} },
        live: { spec: { replicas: 3, paused: true }, status: { replicas: 3 } },
        found: { spec: { replicas: 3 } },
      },
      {
        name: "drops a field of ours that was removed",
        inputs: { metadata: { labels: { a: "b", c: "d" } } },
        last: { metadata: { labels: { a: "b", c: "d" } } },
        live: { metadata: { labels: { c: "d" } } },
        found: { metadata: { labels: { c: "d" } } },
      },
      {
        name: "shows the changed field of one item of a list",
        inputs: { ports: [{ port: 80 }, { port: 90 }] },
        last: {
          ports: [
            { port: 80, protocol: "TCP" },
            { port: 90, protocol: "TCP" },
          ],
        },
        live: {
          ports: [
            { port: 80, protocol: "UDP" },
            { port: 91, protocol: "TCP" },
          ],
        },
        found: { ports: [{ port: 80 }, { port: 91 }] },
      },
      {
        name: "shows an item that was added to a list",
        inputs: { args: ["a"] },
        last: { args: ["a"] },
        live: { args: ["a", "b"] },
        found: { args: ["a", "b"] },
      },
      {
        name: "takes the absence of stringData for no drift",
        inputs: { kind: "Secret", stringData: { a: "b" } },
        last: { apiVersion: "v1", kind: "Secret", data: { a: "Yg==" } },
        live: { apiVersion: "v1", kind: "Secret", data: { a: "Yg==" }, metadata: { labels: {} } },
        found: { kind: "Secret", stringData: { a: "b" } },
      },
      {
        name: "shows drift of a Secret's data in its stringData",
        inputs: { kind: "Secret", stringData: { a: "b", c: "d" } },
        last: { apiVersion: "v1", kind: "Secret", data: { a: "Yg==", c: "ZA==" } },
        live: { apiVersion: "v1", kind: "Secret", data: { a: "eA==" } },
        found: { kind: "Secret", stringData: { a: "x" } },
      },
    ];

  test.each(cases)("$name", ({ inputs, last, live, found }) => {
    expect(inputsFromLive(inputs, last, live)).toEqual(found);
  });
});

describe("the state of a resource", () => {
  const live = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "a", uid: "u", managedFields: [{ manager: "m" }] },
    data: { token: "aHVzaA==" },
  };
  const inputs = { apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, stringData: { token: "hush" } };
  const outputs = toOutputs({ inputs, live, fieldManager: "m" }, inputs);

  test("has the live object's fields at the top level, and encrypts what a Secret holds", () => {
    expect(outputs).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "a", uid: "u" },
      data: secret({ token: "aHVzaA==" }),
      __inputs: { ...inputs, stringData: secret({ token: "hush" }) },
      __initialApiVersion: "v1",
      __fieldManager: "m",
    });
  });

  test("is read back as it was written, without managed fields", () => {
    const { metadata: _, ...rest } = live;
    expect(fromOutputs(outputs)).toEqual({
      inputs,
      live: { ...rest, metadata: { name: "a", uid: "u" } },
      fieldManager: "m",
    });
  });

  test("that was made by nobody we know has no manager and no inputs", () => {
    expect(fromOutputs({ kind: "X" })).toEqual({ inputs: {}, live: { kind: "X" }, fieldManager: "" });
  });
});

test("a previewed create does not know what only the server assigns", () => {
  const dryRun = { kind: "Service", metadata: { name: "a", uid: "dry" }, spec: { clusterIP: "10.0.0.9" }, status: {} };
  expect(previewed(dryRun, { kind: "Service" })).toEqual({
    kind: "Service",
    metadata: {
      name: "a",
      uid: unknownText,
      resourceVersion: unknownText,
      creationTimestamp: unknownText,
      generation: unknownText,
    },
    spec: { clusterIP: unknownText, clusterIPs: unknownText },
  });
});

test("a previewed create knows the cluster address that the program gave", () => {
  const inputs = { kind: "Service", spec: { clusterIP: "None" } };
  expect(previewed(inputs, inputs).spec).toEqual({ clusterIP: "None" });
});

test("an import takes over all but what only the server writes", () => {
  const metadata = {
    name: "a",
    uid: "u",
    generation: 2,
    annotations: { "deployment.kubernetes.io/revision": "1", mine: "x" },
  };
  expect(importedInputs({ kind: "Deployment", metadata, spec: { replicas: 1 }, status: {} })).toEqual({
    kind: "Deployment",
    metadata: { name: "a", annotations: { mine: "x" } },
    spec: { replicas: 1 },
  });
});
