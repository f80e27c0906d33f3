import { describe, expect, test } from "vitest";
import { revisionOf } from "../../../infra/cli/explain.ts";
import { explainText } from "../../../infra/cli/explain-text.ts";
import { entriesOf, readLedger } from "../../../infra/gate/ledger/ledger.ts";
import { Moment } from "../gate/ledger/rollout-facts.ts";
import { next, Scene } from "../gate/stage.ts";

const ref = { namespace: "keye", app: "keye", service: "keye" };

/** The records that a scene has left, explained a minute after the last. */
function explained(scene: Scene): string {
  const ledger = readLedger([...scene.cluster.evidence.values()]);
  const records = entriesOf(ledger, next);
  const now = Date.parse(records[0]?.evidence.finishedAt ?? "") + 60_000;
  return explainText({ ref, revision: next, standing: undefined, records, now });
}

describe("a revision is explained", () => {
  test("that passed: what was asked, each phase, each pod with each answer", async () => {
    const scene = new Scene();
    await scene.promote();
    expect(explained(scene)).toMatchInlineSnapshot(`
      "Revision bbbbbbbbbb of keye/keye: its objects are gone

      pass, 60 s ago: Every pod was proven, serves, and was verified through the Service.
        asked     2 replicas by blueGreen in place of aaaaaaaaaa; probes 0123456789
        ran       2026-01-01T00:00:00.000Z, 65 s, by tester@here/1
        phases    ready 30.0 s, probe 3.0 s, traffic 0.5 s, soak 20.5 s, retire 11.0 s
        pod       keye-bbbbbbbbbb-3 on h800-1: pass: health 1 of 1, identity 1 of 1, text 1 of 1, streaming 1 of 1
                    start took pull 5 s, load 25 s, probe 3 s
                    pass    health          0.1 s  as wanted.
                    pass    identity        0.1 s  as wanted.
                    pass    text            0.1 s  as wanted.
                    pass    streaming       0.1 s  as wanted.
                    skipped golden: There is no ConfigMap rollgate-keye-baseline: no revision has been recorded yet.
        pod       keye-bbbbbbbbbb-4 on h800-0: pass: health 1 of 1, identity 1 of 1, text 1 of 1, streaming 1 of 1
                    start took pull 5 s, load 25 s, probe 3 s
                    pass    health          0.1 s  as wanted.
                    pass    identity        0.1 s  as wanted.
                    pass    text            0.1 s  as wanted.
                    pass    streaming       0.1 s  as wanted.
                    skipped golden: There is no ConfigMap rollgate-keye-baseline: no revision has been recorded yet.
        record    ConfigMap keye/rollgate-keye-bbbbbbbbbb-0123456789"
    `);
  });

  test("that crashed: the fault, its cure, and the end of the log", async () => {
    const scene = new Scene();
    scene.cluster.setScript(next, { kind: "crash", log: "ModuleNotFoundError: No module named 'effective_kernels'" });
    await scene.promote();
    const text = explained(scene);
    expect(text).toMatch(/^fail E_CONFIG, 60 s ago: /m);
    expect(text).toMatch(/^ {2}fault {5}E_CONFIG: keye\/pod\/keye-bbbbbbbbbb-\d: /m);
    expect(text).toMatch(/^ {2}cure {6}\S/m);
    expect(text).toMatch(/^ {2}log {7}\| ModuleNotFoundError: No module named 'effective_kernels'$/m);
  });

  test("that answered wrongly: what was wanted and what came", async () => {
    const scene = new Scene();
    scene.prober.revisions.set(next, "wrong");
    await scene.promote();
    expect(explained(scene)).toMatch(/^ {14}fail {4}text +\d+\.\d s {2}.*$/m);
  });
});

describe("the digits of a revision", () => {
  const records = new Moment()
    .verdict({ revision: "aaaaaaaaaa", minutesAgo: 1 })
    .verdict({ revision: "aab0000000", minutesAgo: 2 });

  test("are enough where they fit one", async () => {
    expect(revisionOf("aab", (await records.facts()).ledger)).toBe("aab0000000");
  });

  test.each([
    ["aa", '"aa" may be aaaaaaaaaa or aab0000000: give more digits.'],
    ["c", 'no verdict on revision "c" is on record; those that are: aaaaaaaaaa, aab0000000.'],
  ])("%s are refused", async (prefix, message) => {
    const { ledger } = await records.facts();
    expect(() => revisionOf(prefix, ledger)).toThrow(
      expect.objectContaining({ message: `CONFIG_USAGE: keye explain: ${message} See keye explain --help.` }),
    );
  });
});
