// Builds the pages into schedule_builder/web/assets: the same bytes on every machine.
// Beside them goes the licence of each package that ended up in a page.

import { readFileSync, writeFileSync, readdirSync, mkdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "../schedule_builder/web/assets");

const result = await build({
  absWorkingDir: here,
  entryPoints: ["src/report.ts", "src/edit.ts"],
  outdir: out,
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  target: "es2022",
  legalComments: "none",
  metafile: true,
});

const packages = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
  const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  if (name) packages.add(name[1]);
}
const texts = [...packages].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence text`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
});
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "licenses.txt"), texts.join(`\n${"-".repeat(80)}\n\n`));
for (const [file, { bytes }] of Object.entries(result.metafile.outputs))
  console.log(`${relative(out, join(here, file))}: ${bytes} bytes`);
