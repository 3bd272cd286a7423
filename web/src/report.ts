/** The report: a list of schedules, searched and filtered, and one of them, or two, in detail. */

import "uplot/dist/uPlot.min.css";
import "./page.css";

import { Chart, type Drawn } from "./chart";
import { facts, findings, segments } from "./details";
import { byId, fill, h, settled, thumbnail } from "./dom";
import type { Entry, Report, Shown } from "./model";

const report = JSON.parse(byId("data").textContent!) as Report;
const rows = report.entries.map((entry, index) => row(entry, index));
const texts = report.entries.map(textOf);
const chart = new Chart();
let chosen = 0;
let compared: number | null = null;
let visible: number[] = report.entries.map((_, index) => index);

function textOf(entry: Shown): string {
  const words = entry.segments.map(({ words }) => words);
  const found = entry.findings.flatMap(({ code, name, message }) => [code, name, message]);
  return [entry.name, entry.about, entry.kind, ...words, ...found].join("\n").toLowerCase();
}

function counted(entry: Shown): string {
  const counts = (["error", "warning"] as const).flatMap((severity) => {
    const count = entry.findings.filter((found) => found.severity === severity).length;
    return count ? [`${count} ${severity}${count > 1 ? "s" : ""}`] : [];
  });
  return counts.join(", ");
}

function worst(entry: Shown): string {
  if (entry.findings.some(({ severity }) => severity === "error")) return "error";
  return entry.findings.length ? "warning" : "";
}

function row(entry: Entry, index: number): HTMLElement {
  const about = [entry.status, entry.kind, entry.about].filter(Boolean).join(", ");
  const count = counted(entry);
  return h(
    "li",
    {
      id: `entry-${index}`,
      role: "option",
      "aria-selected": "false",
      onclick: () => choose(index),
    },
    entry.curve ? thumbnail(entry.curve.thumbnail) : h("span", { class: "thumbnail" }),
    h("span", { class: "name", title: entry.name }, h("bdi", {}, entry.short)),
    h("span", { class: "about" }, about),
    count ? h("span", { class: `count ${worst(entry)}` }, count) : null,
  );
}

// --- the list ----------------------------------------------------------------------------------

const list = h("ul", {
  class: "list",
  role: "listbox",
  tabindex: 0,
  "aria-label": "schedules",
  onkeydown: (event: KeyboardEvent) => {
    const at = visible.indexOf(chosen);
    const to: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: visible.length - 1,
      PageDown: at + 10,
      PageUp: at - 10,
    };
    if (!(event.key in to) || !visible.length) return;
    event.preventDefault();
    choose(visible[Math.min(Math.max(to[event.key], 0), visible.length - 1)]);
  },
});
const search = h("input", {
  id: "search",
  type: "search",
  placeholder: "name, kind, finding, words",
  oninput: settled(80, () => filter()),
});
const byKind = select("kind", "all kinds", tally(report.entries.map(({ kind }) => [kind || "no schedule"])));
const byFinding = select(
  "finding",
  "all findings",
  tally(report.entries.map((e) => [...new Set(e.findings.map(({ code, name }) => `${code} ${name}`))])),
  [
    ["any", "with findings"],
    ["error", "with errors"],
    ["none", "without findings"],
  ],
);
const count = h("p", { class: "shown", "aria-live": "polite" });

function tally(groups: string[][]): [string, string][] {
  const counts = new Map<string, number>();
  for (const name of groups.flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort().map(([name, number]) => [name, `${name} (${number})`]);
}

function select(id: string, all: string, options: [string, string][], first: [string, string][] = []) {
  const all_ = [["", all], ...first, ...options] as [string, string][];
  return h(
    "select",
    { id, onchange: () => filter() },
    ...all_.map(([value, text]) => h("option", { value }, text)),
  );
}

function matches(entry: Shown, index: number): boolean {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.every((word) => texts[index].includes(word))) return false;
  if (byKind.value && (entry.kind || "no schedule") !== byKind.value) return false;
  const wanted = byFinding.value;
  if (!wanted) return true;
  if (wanted === "any") return entry.findings.length > 0;
  if (wanted === "none") return entry.findings.length === 0;
  if (wanted === "error") return worst(entry) === "error";
  return entry.findings.some(({ code, name }) => `${code} ${name}` === wanted);
}

function filter(): void {
  visible = report.entries.flatMap((entry, index) => (matches(entry, index) ? [index] : []));
  fill(list, ...visible.map((index) => rows[index]));
  list.hidden = !visible.length; // A list of options has some.
  count.textContent = `${visible.length} of ${report.entries.length} shown`;
  if (visible.length && !visible.includes(chosen)) choose(visible[0], false);
}

// --- one schedule, or two ----------------------------------------------------------------------

const detail = h("div", { class: "detail" });

function choose(index: number, writesAddress = true): void {
  rows[chosen].setAttribute("aria-selected", "false");
  chosen = index;
  rows[index].setAttribute("aria-selected", "true");
  list.setAttribute("aria-activedescendant", `entry-${index}`);
  reveal(rows[index]);
  if (compared === index) compared = null;
  if (writesAddress) history.replaceState(null, "", `#${encodeURIComponent(report.entries[index].name)}`);
  render();
}

/** Scrolls the list alone: the page stays where it is. */
function reveal(row: HTMLElement): void {
  const above = row.offsetTop;
  const below = above + row.offsetHeight - list.clientHeight;
  if (list.scrollTop > above) list.scrollTop = above;
  else if (list.scrollTop < below) list.scrollTop = below;
}

function other(entry: Shown): Shown | null {
  return compared === null ? (entry.before ?? null) : report.entries[compared];
}

function render(): void {
  const entry = report.entries[chosen];
  const second = other(entry);
  fill(
    detail,
    h("h2", {}, h("bdi", {}, entry.name)),
    h("p", { class: "about" }, [entry.status, entry.kind, entry.about].filter(Boolean).join(", ")),
    h("div", { class: "compare" }, h("label", { for: "compare" }, "Compare with"), comparing(entry)),
    ...(entry.curve ? [legend(entry, second), chart.element] : [h("p", { class: "none" }, "This config has no schedule.")]),
    ...(second ? [side(entry), side(second)] : [facts(entry), table(entry)]),
    h("h3", {}, `Findings${second ? ` in ${entry.name}` : ""}`),
    findings(entry),
  );
  if (!entry.curve) return;
  const drawn: Drawn[] = [{ label: entry.name, curve: entry.curve }];
  if (second?.curve) drawn.push({ label: labelOf(second, entry), curve: second.curve, isPast: second === entry.before });
  const words = entry.facts.map(([name, value]) => `${name} ${value}`).join(", ");
  chart.show(drawn, `Learning rate of ${entry.name}: ${words}`);
}

function labelOf(second: Shown, entry: Shown): string {
  return second === entry.before ? "before" : second.name;
}

function legend(entry: Shown, second: Shown | null): HTMLElement | null {
  if (!second) return null;
  const names = [
    ["first", entry.name],
    [second === entry.before ? "past" : "second", labelOf(second, entry)],
  ];
  return h(
    "ul",
    { class: "legend" },
    ...names.map(([key, name]) => h("li", {}, h("span", { class: `key ${key}` }), h("bdi", {}, name))),
  );
}

function table(entry: Shown): HTMLElement | null {
  return entry.segments.length ? segments(entry, `The schedule of ${entry.name}`) : null;
}

function side(entry: Shown): HTMLElement {
  return h("section", { class: "side" }, h("h3", {}, h("bdi", {}, entry.name)), facts(entry), table(entry));
}

function comparing(entry: Shown): HTMLElement {
  const first = entry.before ? "the version before" : "nothing";
  const others = report.entries.flatMap(({ name, curve }, index) =>
    index === chosen || !curve
      ? []
      : [h("option", { value: index, selected: index === compared }, name)],
  );
  return h(
    "select",
    {
      id: "compare",
      onchange: (event: Event) => {
        const { value } = event.target as HTMLSelectElement;
        compared = value ? Number(value) : null;
        render();
        byId("compare").focus();
      },
    },
    h("option", { value: "" }, first),
    ...others,
  );
}

// --- the page ----------------------------------------------------------------------------------

/** The schedule that the address names, or else the first one. */
function fromAddress(): number {
  let name = location.hash.slice(1);
  try {
    name = decodeURIComponent(name);
  } catch {
    // It was not written by this page.
  }
  return Math.max(report.entries.findIndex((entry) => entry.name === name), 0);
}

fill(
  byId("page"),
  h("header", {}, h("h1", {}, report.title), h("p", {}, report.counts)),
  h(
    "main",
    {},
    h(
      "nav",
      { "aria-label": "schedules" },
      h(
        "div",
        { class: "filters" },
        h("label", { for: "search" }, "Search"),
        search,
        h("label", { for: "kind" }, "Kind"),
        byKind,
        h("label", { for: "finding" }, "Findings"),
        byFinding,
        count,
      ),
      list,
    ),
    detail,
  ),
);
window.addEventListener("hashchange", () => report.entries.length && choose(fromAddress(), false));
document.addEventListener("keydown", (event) => {
  const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
  if (event.key === "/" && !hasModifier && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  }
});
filter();
if (report.entries.length) choose(fromAddress(), false);
else fill(detail, h("p", { class: "none" }, "There is nothing to show."));
