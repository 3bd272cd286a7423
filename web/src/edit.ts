/** The editor: the text with its findings, the curve beside it, and fields that write into the text. */

import "uplot/dist/uPlot.min.css";
import "./page.css";
import "./edit.css";

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  snippet,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
  tooltips,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { Chart, type Drawn, type Handle } from "./chart";
import { facts, findings, segments } from "./details";
import { byId, fill, h, marked, settled } from "./dom";
import type { Finding, Shown } from "./model";
import { ask, Gone, Refused } from "./server";
import { textproto } from "./textproto";

/** A numeric field of the file: `schedule_builder/web/fields.py`. */
interface Field {
  field: string;
  label: string;
  value: string;
  unit: string;
  /** The values of its slider, and which of them it has. */
  choices: string[];
  chosen: number;
}

interface Checked extends Shown {
  fields: Field[];
  handles: Handle[];
}

interface Opened {
  name: string;
  path: string;
  text: string;
  version: string;
  format: "text" | "yaml" | "json" | "";
}

interface Edited {
  text: string;
  changes: string[];
  shown: Shown;
}

interface Option {
  label: string;
  from: number;
  to: number;
  insertion: string;
  snippet: string;
  detail: string;
  documentation: string;
  isValue: boolean;
  isRequired: boolean;
}

const PAUSE = 30;
const DISK_MILLISECONDS = 2000;
const { nonce } = JSON.parse(byId("data").textContent!) as { nonce: string };

let opened: Opened;
let checked: Checked | null = null;
let view: EditorView;

// --- the page ----------------------------------------------------------------------------------

const chart = new Chart();
const status = h("p", { class: "status", role: "status" });
const asking = h("div", { class: "asking", role: "alert" });
const saveButton = h("button", { type: "button", class: "save", onclick: () => void save() }, "Save");
const about = h("div", { class: "about-rate" });
const controls = h("div", { class: "controls" });
const found = h("div");
const table = h("div");
const textHost = h("div", { class: "text" });

function say(text: string): void {
  status.textContent = status.title = text;
}

function failed(error: unknown): void {
  if (error instanceof Refused || error instanceof Gone) say(error.message);
  else throw error;
}

const text = () => view.state.doc.toString();
const isChanged = () => text() !== opened.text;

function showState(): void {
  saveButton.disabled = !isChanged();
  document.title = `${isChanged() ? "● " : ""}${opened.name} - schedule-builder`;
}

// --- checking ----------------------------------------------------------------------------------

let checking = false;
let again = false;

/** Checks the text. While an answer is awaited, only the newest text waits for its turn. */
async function check(): Promise<void> {
  if (checking) {
    again = true;
    return;
  }
  checking = true;
  const asked = view.state.doc;
  try {
    const answer = await ask<Checked>("check", { text: asked.toString(), saved: opened.text });
    if (view.state.doc.eq(asked)) show(answer, asked);
  } catch (error) {
    failed(error);
  } finally {
    checking = false;
    if (again) {
      again = false;
      void check();
    }
  }
}

const checkSoon = settled(PAUSE, () => void check());

function show(answer: Checked, doc: Text): void {
  checked = answer;
  view.dispatch(setDiagnostics(view.state, answer.findings.map((one) => diagnostic(one, doc))));
  if (!chart.isHeld) draw(answer);
  fill(about, answer.curve ? facts(answer, answer.before) : h("p", { class: "none" }, "No schedule: see the findings."));
  fill(table, answer.segments.length ? segments(answer, "The schedule") : null);
  fill(found, h("h2", {}, counted(answer)), findings(answer, jump));
  showControls(answer.fields);
}

function counted(answer: Shown): string {
  const count = answer.findings.length;
  return count ? `${count} finding${count > 1 ? "s" : ""}` : "No findings";
}

function draw(answer: Shown, preview?: Shown): void {
  chart.element.hidden = !answer.curve && !answer.before?.curve;
  const drawn: Drawn[] = [];
  const now = preview?.curve ?? answer.curve;
  if (now) drawn.push({ label: "now", curve: now });
  const past = answer.before?.curve;
  if (past) drawn.push({ label: "saved", curve: past, isPast: true });
  const words = (preview ?? answer).facts.map(([name, value]) => `${name} ${value}`).join(", ");
  chart.show(drawn, `Learning rate: ${words}`, preview ? [] : (checked?.handles ?? []), true);
}

/** Where a row and a column, in characters, are in the document. */
function offset(doc: Text, row: number, column: number): number {
  if (row > doc.lines) return doc.length;
  const line = doc.line(row);
  const before = [...line.text].slice(0, column - 1).join("");
  return Math.min(line.from + before.length, line.to);
}

function diagnostic(one: Finding, doc: Text): Diagnostic {
  const from = offset(doc, one.row, one.column);
  const to = offset(doc, one.endRow, one.endColumn);
  return {
    from,
    to: Math.max(to, from),
    severity: one.severity,
    source: one.code,
    message: one.message,
  };
}

function jump(one: Finding): void {
  const at = offset(view.state.doc, one.row, one.column);
  view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
  view.focus();
}

// --- changing the text -------------------------------------------------------------------------

/** Puts a new text in the editor, by the one stretch that differs: cursor and undo stay. */
function replace(next: string): void {
  const now = text();
  if (next === now) return;
  let from = 0;
  const most = Math.min(now.length, next.length);
  while (from < most && now[from] === next[from]) from++;
  let end = 0;
  while (end < most - from && now[now.length - 1 - end] === next[next.length - 1 - end]) end++;
  view.dispatch({
    changes: { from, to: now.length - end, insert: next.slice(from, next.length - end) },
    userEvent: "input.field",
  });
}

/** One change at a time: of several that are asked for meanwhile, the last one. */
function latest<A extends unknown[]>(run: (...values: A) => Promise<void>): (...values: A) => void {
  let busy = false;
  let waiting: A | null = null;
  const next = async (...values: A): Promise<void> => {
    if (busy) {
      waiting = values;
      return;
    }
    busy = true;
    try {
      await run(...values);
    } catch (error) {
      failed(error);
    }
    busy = false;
    const then = waiting;
    waiting = null;
    if (then) void next(...then);
  };
  return next;
}

const setField = latest(async (field: string, value: string) => {
  const asked = text();
  const edited = await ask<Edited>("set", { text: asked, field, value });
  if (text() !== asked) return;
  replace(edited.text);
  say(edited.changes.join("; ") || "nothing to change");
});

const drag = latest(async (handle: Handle, step: number, rate: number, isDone: boolean) => {
  const asked = text();
  const { kind, field, step: at } = handle;
  const edited = await ask<Edited>("drag", { text: asked, kind, field, at, step, rate });
  if (text() !== asked) return;
  say(edited.changes.join("; ") || "nothing to change");
  if (isDone) replace(edited.text);
  else if (checked) draw(checked, edited.shown);
});

chart.dragged = (handle, step, rate, isDone) => {
  drag(handle, step, rate, isDone);
  if (isDone && checked) draw(checked);
};
chart.said = say;

// --- fields ------------------------------------------------------------------------------------

/** Keeps the elements of fields that are still there, so that a slider can be held. */
const rows = new Map<string, { element: HTMLElement; update(field: Field): void }>();

function showControls(fields: Field[]): void {
  const names = new Set(fields.map(({ field }) => field));
  for (const name of [...rows.keys()]) if (!names.has(name)) rows.delete(name);
  for (const field of fields) {
    const row = rows.get(field.field) ?? newRow(field);
    rows.set(field.field, row);
    row.update(field);
  }
  const elements = fields.map(({ field }) => rows.get(field)!.element);
  const isSame = elements.length === controls.children.length && elements.every((e, i) => e === controls.children[i]);
  if (!isSame) fill(controls, ...elements);
}

function newRow({ field, label }: Field): { element: HTMLElement; update(field: Field): void } {
  const id = `field-${field}`;
  let choices: string[] = [];
  let isHeld = false;
  const input = h("input", {
    id,
    type: "text",
    inputmode: "decimal",
    spellcheck: "false",
    onchange: () => setField(field, input.value),
  });
  const slider = h("input", {
    type: "range",
    "aria-label": `${label}, slider`,
    oninput: () => {
      isHeld = true;
      input.value = choices[Number(slider.value)];
      slider.setAttribute("aria-valuetext", input.value);
      setField(field, input.value);
    },
    onchange: () => {
      isHeld = false;
    },
  });
  const unit = h("span", { class: "unit" });
  const element = h("div", { class: "control" }, h("label", { for: id, title: field }, label), input, slider, unit);
  const update = (now: Field): void => {
    unit.textContent = now.unit;
    if (document.activeElement !== input) input.value = now.value;
    if (isHeld) return;
    choices = now.choices;
    slider.hidden = now.chosen < 0;
    slider.max = String(Math.max(choices.length - 1, 0));
    slider.value = String(now.chosen);
    slider.setAttribute("aria-valuetext", now.value);
  };
  return { element, update };
}

// --- saving ------------------------------------------------------------------------------------

async function save(): Promise<boolean> {
  const saved = text();
  try {
    const answer = await ask<{ isSaved: boolean; version: string }>("save", { text: saved, version: opened.version });
    if (!answer.isSaved) {
      askAbout(answer.version);
      return true;
    }
    opened = { ...opened, text: saved, version: answer.version };
    fill(asking);
    say(`Saved ${opened.name}.`);
    showState();
    void check();
  } catch (error) {
    failed(error);
  }
  return true;
}

/** Asks what to do with a file that has changed on the disk. */
function askAbout(version: string): void {
  const name = opened.name;
  const words = version ? `${name} was changed on the disk by another program.` : `${name} is no longer on the disk.`;
  const load = h("button", { type: "button", onclick: () => void reload() }, "Load what is on the disk");
  const keep = h(
    "button",
    {
      type: "button",
      onclick: () => {
        // The next save replaces that version, and no later one.
        opened = { ...opened, version, text: "" };
        fill(asking);
        showState();
        void check();
        say(version ? "Your text is kept. Save writes it over what is on the disk." : "Your text is kept. Save writes the file again.");
      },
    },
    "Keep this text",
  );
  fill(asking, h("p", {}, words), version ? load : null, keep);
}

async function reload(): Promise<void> {
  try {
    opened = await ask<Opened>("open");
    fill(asking);
    replace(opened.text);
    showState();
    void check();
    say(`Loaded ${opened.name} from the disk. Undo brings your text back.`);
  } catch (error) {
    failed(error);
  }
}

async function watchDisk(): Promise<void> {
  if (document.hidden || asking.hasChildNodes()) return;
  try {
    const { version } = await ask<{ version: string }>("disk");
    if (version !== opened.version) askAbout(version);
  } catch (error) {
    failed(error);
  }
}

// --- the editor --------------------------------------------------------------------------------

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  if (!context.explicit && !context.matchBefore(/[\w@]+/)) return null;
  const { options } = await ask<{ options: Option[] }>("complete", {
    text: context.state.doc.toString(),
    offset: context.pos,
  });
  if (!options.length) return null;
  return {
    from: options[0].from,
    to: options[0].to,
    options: options.map((option) => ({
      label: option.label,
      detail: option.detail,
      info: option.documentation || undefined,
      type: option.isValue ? "enum" : "property",
      boost: option.isRequired ? 1 : 0,
      apply: option.snippet ? snippet(option.snippet.replace(/\$(\d+)/g, "$${$1}")) : option.insertion,
    })),
    validFor: /^[\w@]*$/,
  };
}

const documentation = hoverTooltip(async (editor, pos) => {
  const answer = await ask<{ text: string; from: number; to: number }>("hover", {
    text: editor.state.doc.toString(),
    offset: pos,
  });
  if (!answer.text) return null;
  const dom = h("div", { class: "documentation" }, ...answer.text.split("\n").map((line) => h("p", {}, ...marked(line))));
  return { pos: answer.from, end: answer.to, create: () => ({ dom }) };
});

const colors = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--name)" },
  { tag: tags.definition(tags.propertyName), color: "var(--name)" },
  { tag: tags.string, color: "var(--string)" },
  { tag: tags.number, color: "var(--number)" },
  { tag: [tags.atom, tags.bool, tags.null, tags.keyword], color: "var(--atom)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

function languageOf(format: string): Extension {
  return format === "yaml" ? yaml() : format === "json" ? json() : textproto;
}

function editor(): EditorView {
  return new EditorView({
    parent: textHost,
    state: EditorState.create({
      doc: opened.text,
      extensions: [
        EditorView.cspNonce.of(nonce),
        // A lone CR stays where it is: Python decides what ends a line.
        EditorState.lineSeparator.of("\n"),
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        highlightSpecialChars(),
        highlightSelectionMatches(),
        syntaxHighlighting(colors),
        languageOf(opened.format),
        autocompletion({ override: [complete] }),
        documentation,
        tooltips({ parent: document.body }),
        EditorView.contentAttributes.of({ "aria-label": `text of ${opened.name}` }),
        keymap.of([
          { key: "Mod-s", run: () => (void save(), true), preventDefault: true },
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...completionKeymap,
          ...lintKeymap,
          indentWithTab,
        ]),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          showState();
          checkSoon();
        }),
      ],
    }),
  });
}

async function start(): Promise<void> {
  const page = byId("page");
  try {
    opened = await ask<Opened>("open");
  } catch (error) {
    fill(page, h("main", { class: "refused" }, h("h1", {}, "schedule-builder"), h("p", {}, (error as Error).message)));
    return;
  }
  fill(
    page,
    h("header", { class: "bar" }, h("h1", {}, h("bdi", { title: opened.path }, opened.name)), saveButton, status),
    asking,
    h(
      "main",
      { class: "edit" },
      h("section", { "aria-label": "text" }, textHost),
      h("section", { class: "beside", "aria-label": "schedule" }, chart.element, about, found, h("h2", {}, "Numbers"), controls, table),
    ),
  );
  view = editor();
  showState();
  await check();
  view.focus();
  window.addEventListener("focus", () => void watchDisk());
  window.setInterval(() => void watchDisk(), DISK_MILLISECONDS);
  window.addEventListener("beforeunload", (event) => {
    if (isChanged()) event.preventDefault();
  });
}

void start();
