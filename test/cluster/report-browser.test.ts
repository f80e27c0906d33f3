import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { htmlReport } from "../../infra/prober/reports/html/page.ts";
import { documentOf, measured, mixedReport, pictureOf } from "../support/probe-report.ts";

const executablePath = "/usr/bin/chromium";
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const attack = `<img src=http://127.0.0.1:9/x onerror="document.title='owned'"><script>document.title='owned'</script>'"`;
const hostile = {
  ...mixedReport,
  measurements: [
    ...mixedReport.measurements,
    measured("hostile", 9200, {
      outcome: "fail",
      reason: attack,
      facts: { question: attack, got: attack, note: attack },
    }),
  ],
} as const;

describe.skipIf(!existsSync(executablePath))(
  `the HTML report in ${executablePath} (skipped where it is not installed)`,
  () => {
    let browser: Browser;
    const folder = mkdtempSync(join(tmpdir(), "keye-report-"));
    const file = join(folder, "report.html");

    beforeAll(async () => {
      const pictures = [pictureOf("image", "code K7Q2 on orange"), pictureOf("hostile", attack)];
      writeFileSync(file, htmlReport(documentOf(hostile), pictures));
      browser = await chromium.launch({ executablePath, args: flags });
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true });
    });

    async function open(
      options: Parameters<Browser["newPage"]>[0] = {},
    ): Promise<{ page: Page; complaints: string[]; requests: string[] }> {
      const page = await browser.newPage(options);
      const complaints: string[] = [];
      const requests: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("request", (request) => requests.push(request.url()));
      await page.goto(pathToFileURL(file).href);
      return { page, complaints, requests };
    }

    test("it asks for nothing but itself, complains of nothing, and runs nothing that an answer holds", async () => {
      const { page, complaints, requests } = await open();
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => !url.startsWith("data:"))).toEqual([pathToFileURL(file).href]);
      expect(await page.title()).toBe("fail: http://127.0.0.1:8000");
      expect(await page.locator("script, iframe, object, link[rel=stylesheet]").count()).toBe(0);
    });

    test("the pictures that were sent are there, beside what was expected and what came", async () => {
      const { page } = await open();
      const widths = await page.evaluate(
        "[...document.querySelectorAll('figure img')].map((image) => image.naturalWidth)",
      );
      expect(widths).toEqual([56, 56]);
      const card = page.locator("#check-image");
      expect(await card.locator("img").isVisible()).toBe(true);
      expect(await card.locator("dd").allInnerTexts()).toEqual(["Which code is in the picture?", "K7Q2", "K7O2"]);
      expect(await page.locator("#check-hostile img").getAttribute("alt")).toBe(attack);
    });

    test("timeline and latency plot show each check and each time where it belongs", async () => {
      const { page } = await open();
      const bars = await page
        .locator("section")
        .first()
        .locator(".track i")
        .evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect()).map(({ left, right }) => [left, right]));
      const starts = bars.map(([left]) => left ?? 0);
      expect(starts).toEqual([...starts].sort((a, b) => a - b));
      expect(await page.locator(".track b").count()).toBe(6);
    });

    test.each([
      ["a wide screen in the light", { viewport: { width: 1200, height: 900 }, colorScheme: "light" }],
      ["a wide screen in the dark", { viewport: { width: 1200, height: 900 }, colorScheme: "dark" }],
      ["a narrow screen", { viewport: { width: 360, height: 800 }, colorScheme: "light" }],
    ] as const)(
      "it can be read on %s: nothing runs out of the page, and text stands out from its ground",
      async (_name, options) => {
        const { page } = await open(options);
        expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
        const ink = await page.evaluate<string>("getComputedStyle(document.body).color");
        const paper = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
        expect(contrast(ink, paper)).toBeGreaterThan(7);
      },
    );

    test("on paper the folded facts are there too", async () => {
      const { page } = await open();
      await page.emulateMedia({ media: "print" });
      expect(await page.locator("#check-health td").first().isVisible()).toBe(true);
    });
  },
);

/** Contrast of two `rgb(…)` colours after WCAG 2: from 1 to 21. */
function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map((part) => {
    const value = Number(part) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
