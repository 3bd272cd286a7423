/** What is said of a schedule beside its picture: facts, the table of segments, findings. */

import { h, marked } from "./dom";
import type { Finding, Shown } from "./model";

export function facts(shown: Shown, before?: Shown | null): HTMLElement {
  const old = new Map(before?.facts ?? []);
  const items = shown.facts.map(([name, value]) => {
    const was = old.get(name);
    const changed = was !== undefined && was !== value;
    return h(
      "div",
      {},
      h("dt", {}, name),
      h("dd", {}, changed ? h("span", { class: "was" }, `${was} → `) : null, value),
    );
  });
  return h("dl", { class: "facts" }, ...items);
}

/** The curve in words: the table that `show` prints. */
export function segments(shown: Shown, caption: string): HTMLElement {
  const heads = ["Steps", "What the rate does", "First rate", "Last rate"];
  const rows = shown.segments.map((segment) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, segment.steps),
      h("td", {}, segment.words),
      h("td", { class: "number" }, segment.first),
      h("td", { class: "number" }, segment.last),
    ),
  );
  return h(
    "div",
    { class: "scrolls", tabindex: 0, role: "region", "aria-label": caption },
    h(
      "table",
      {},
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, ...rows),
    ),
  );
}

/** A finding with its lines; `open` is called when its place is chosen. */
export function finding(found: Finding, open?: (found: Finding) => void): HTMLElement {
  const code = found.page
    ? h("a", { href: found.page, rel: "noreferrer", target: "_blank" }, found.code)
    : h("span", {}, found.code);
  const place = `${found.row}:${found.column}`;
  const lines = found.lines.map(({ row, text }) =>
    h(
      "span",
      { class: row === found.row ? "line here" : "line" },
      h("span", { class: "row", "aria-hidden": "true" }, String(row)),
      `${text}\n`,
    ),
  );
  return h(
    "li",
    { class: `finding ${found.severity}` },
    h(
      "p",
      {},
      h("strong", {}, found.severity),
      " ",
      code,
      " ",
      open
        ? h("button", { type: "button", class: "place", onclick: () => open(found) }, `line ${place}`)
        : h("span", { class: "place" }, `line ${place}`),
      " ",
      ...marked(found.message),
    ),
    lines.length && !open ? h("pre", { tabindex: 0, "aria-label": "lines of the file" }, ...lines) : null,
    found.fix ? h("p", { class: "fix" }, "Fix: ", ...marked(found.fix)) : null,
  );
}

export function findings(shown: Shown, open?: (found: Finding) => void): HTMLElement {
  if (!shown.findings.length) return h("p", { class: "none" }, "No findings.");
  return h("ul", { class: "findings" }, ...shown.findings.map((found) => finding(found, open)));
}
