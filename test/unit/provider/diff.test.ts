import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../infra/rehearsal/provider/json.ts";
import { secret, unknownText } from "../../../infra/rehearsal/provider/values.ts";
import { type DiffOptions, diffOf, objectOf, shownChanges } from "../../support/object-diff.ts";

interface Case {
  readonly name: string;
  readonly type: string;
  readonly olds: JsonObject;
  readonly news: JsonObject;
  readonly options?: DiffOptions;
  readonly changes: readonly string[];
}

const template = (image: string) => ({ template: { spec: { containers: [{ name: "c", image }] } } });

const cases: readonly Case[] = [
  {
    name: "nothing changed",
    type: "apps/v1/Deployment",
    olds: { spec: { replicas: 1 } },
    news: { spec: { replicas: 1 } },
    changes: [],
  },
  {
    name: "another key order is no change",
    type: "v1/Pod",
    olds: { spec: { a: 1, b: [] } },
    news: { spec: { b: [], a: 1 } },
    changes: [],
  },
  {
    name: "a secret is compared by what it holds",
    type: "v1/X",
    olds: { a: "hush" },
    news: { a: secret("hush") },
    changes: [],
  },
  {
    name: "null is the same as absent",
    type: "v1/X",
    olds: { spec: { a: 1 } },
    news: { spec: { a: 1, b: null } },
    changes: [],
  },
  {
    name: "a value that is not known yet may change",
    type: "v1/X",
    olds: { a: "b" },
    news: { a: unknownText },
    changes: ["~ a"],
  },
  {
    name: "a changed field",
    type: "apps/v1/Deployment",
    olds: { spec: template("i:1") },
    news: { spec: template("i:2") },
    changes: ["~ spec.template.spec.containers[0].image"],
  },
  {
    name: "added and removed fields",
    type: "v1/X",
    olds: { a: { b: 1 } },
    news: { a: { c: 1 } },
    changes: ["- a.b", "+ a.c"],
  },
  {
    name: "a longer and a shorter list",
    type: "v1/X",
    olds: { a: [1, 2], b: [1] },
    news: { a: [1], b: [1, 3] },
    changes: ["- a[1]", "+ b[1]"],
  },
  {
    name: "a key with dots",
    type: "v1/X",
    olds: {},
    news: { metadata: { labels: { "a.b/c": "d" } } },
    changes: ["+ metadata.labels"],
  },

  {
    name: "an ignored field",
    type: "apps/v1/Deployment",
    olds: { spec: { replicas: 1 } },
    news: { spec: { replicas: 2 } },
    options: { ignoreChanges: ["spec.replicas"] },
    changes: [],
  },
  {
    name: "everything inside an ignored field, and nothing beside it",
    type: "v1/Service",
    olds: { spec: { selector: { r: "a" }, type: "A" } },
    news: { spec: { selector: { r: "b" }, type: "B" } },
    options: { ignoreChanges: ["spec.selector"] },
    changes: ["~ spec.type"],
  },
];

describe("a change of", () => {
  test.each(cases)("$type: $name", ({ type, olds, news, options, changes }) => {
    expect(shownChanges(diffOf(objectOf(type, olds), objectOf(type, news), options))).toEqual(changes);
  });
});

describe("a replaced object", () => {
  const autonamed = { annotations: { "pulumi.com/autonamed": "true" } };
  const replacements: readonly { name: string; olds: JsonObject; news: JsonObject; first: boolean }[] = [
    {
      name: "goes before the new one where both have the program's name",
      olds: {},
      news: { data: { a: "c" } },
      first: true,
    },
    {
      name: "stays meanwhile where the name is made up",
      olds: { metadata: autonamed },
      news: { metadata: autonamed, data: { a: "c" } },
      first: false,
    },
    { name: "stays meanwhile where the name changes", olds: {}, news: { metadata: { name: "b" } }, first: false },
    {
      name: "stays meanwhile where the namespace changes",
      olds: {},
      news: { metadata: { namespace: "b" } },
      first: false,
    },
    {
      name: "stays meanwhile where the new name is not known yet",
      olds: {},
      news: { metadata: { name: unknownText } },
      first: false,
    },
  ];

  test.each(replacements)("$name", ({ olds, news, first }) => {
    const { deleteBeforeReplace, changes } = diffOf(objectOf("v1/ConfigMap", olds), objectOf("v1/ConfigMap", news));
    expect([...changes.values()].some((change) => change.isReplacement)).toBe(true);
    expect(deleteBeforeReplace).toBe(first);
  });

  test("that is only updated is not deleted first", () => {
    const labels = { metadata: { labels: { a: "b" } } };
    expect(diffOf(objectOf("v1/ConfigMap", {}), objectOf("v1/ConfigMap", labels)).deleteBeforeReplace).toBe(false);
  });
});
