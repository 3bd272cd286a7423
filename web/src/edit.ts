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
import { defaultKeymap, history, historyKeymap, indentWithTab, redo, undo } from "@codemirror/commands";
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
  /** How many more there are. */
  moreFields: number;
  handles: Handle[];
}

interface Opened {
  name: string;
  path: string;
  /** Null where another version than this one is on the disk, or none. */
  text: string | null;
  /** Which version the next save takes the place of; empty for none. */
  version: string;
  /** What the text lacks of the file; Python puts it back. */
  form: string;
  format: "text" | "yaml" | "json" | "";
}

interface Disk {
  version: string;
  /** Why it cannot be read. */
  why: string;
}

interface Edited {
  text: string;
  changes: string[];
}

interface Dragged extends Edited {
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

const KEYS = "Tab indents; Escape, then Tab, moves to the chart and the numbers. Ctrl-S saves, F8 goes to the next finding.";
const PAUSE = 30;
const DISK_MILLISECONDS = 2000;
const { nonce } = JSON.parse(byId("data").textContent!) as { nonce: string };

let opened: Opened;
let checked: Checked | null = null;
/** The text that it is about. */
let checkedDoc: Text | null = null;
let view: EditorView;

// --- the page ----------------------------------------------------------------------------------

const chart = new Chart();
const status = h("p", { class: "status", role: "status" });
const asking = h("div", { class: "asking", role: "alert" });
const saveButton = h("button", { type: "button", class: "save", onclick: () => void save() }, "Save");
const about = h("div", { class: "about-rate" });
const controls = h("div", { class: "controls" });
const more = h("p", { class: "none" });
const found = h("div");
const table = h("div");
const textHost = h("div", { class: "text" });

function say(text: string): void {
  status.textContent = status.title = text;
}

/** Whether the server did not answer the last time. */
let isGone = false;

function failed(error: unknown): void {
  isGone = error instanceof Gone;
  say(error instanceof Error ? error.message : String(error));
  if (!(error instanceof Refused || error instanceof Gone)) console.error(error);
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
    const answer = await ask<Checked>("check", { text: asked.toString(), saved: opened.text ?? "" });
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
  checkedDoc = doc;
  view.dispatch(setDiagnostics(view.state, answer.findings.map((one) => diagnostic(one, doc))));
  if (!chart.isHeld) draw(answer);
  fill(about, answer.curve ? facts(answer, answer.before) : h("p", { class: "none" }, "No schedule: see the findings."));
  fill(table, answer.segments.length ? segments(answer, "The schedule") : null);
  fill(found, h("h2", {}, counted(answer)), answer.findings.length ? findings(answer, jump) : null);
  showControls(answer.fields);
  const count = answer.moreFields;
  more.textContent = count ? `${count} more number${count > 1 ? "s" : ""} in the text.` : "";
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

/** Where the characters of a row begin in UTF-16 units; null where each has one. Many findings may share a long row. */
let measured: { doc: Text; row: number; starts: number[] | null } | null = null;

function startsOf(doc: Text, row: number): number[] | null {
  if (measured?.doc === doc && measured.row === row) return measured.starts;
  const line = doc.line(row).text;
  let starts: number[] | null = null;
  if (/[\ud800-\udfff]/.test(line)) {
    starts = [0];
    for (const character of line) starts.push(starts[starts.length - 1] + character.length);
  }
  measured = { doc, row, starts };
  return starts;
}

/** Where a row and a column, in characters, are in the document. */
function offset(doc: Text, row: number, column: number): number {
  if (row > doc.lines) return doc.length;
  const { from, to } = doc.line(row);
  const units = startsOf(doc, row)?.[column - 1] ?? column - 1;
  return Math.min(from + units, to);
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

/** One at a time: of several that are asked for meanwhile, the last one. */
function latest<A extends unknown[]>(run: (...values: A) => Promise<void>): (...values: A) => Promise<void> {
  let running: Promise<void> | null = null;
  let waiting: A | null = null;
  const all = async (values: A): Promise<void> => {
    for (let next: A | null = values; next; next = waiting) {
      waiting = null;
      try {
        await run(...next);
      } catch (error) {
        failed(error);
      }
    }
    running = null;
  };
  return (...values) => {
    if (running) waiting = values;
    else running = all(values);
    return running;
  };
}

/** Asks for a changed text; once more where somebody has typed meanwhile, so that neither is lost. */
async function changed<T extends Edited>(name: string, values: object): Promise<T> {
  for (;;) {
    const asked = view.state.doc;
    const edited = await ask<T>(name, { text: asked.toString(), ...values });
    if (view.state.doc.eq(asked)) return edited;
  }
}

const setField = latest(async (field: string, value: string) => {
  const edited = await changed("set", { field, value });
  replace(edited.text);
  say(edited.changes.join("; ") || "nothing to change");
});

const drag = latest(async (handle: Handle, step: number, rate: number, isDone: boolean) => {
  const { kind, field, step: at } = handle;
  const edited = await changed<Dragged>("drag", { kind, field, at, step, rate });
  say(edited.changes.join("; ") || "nothing to change");
  if (isDone) replace(edited.text);
  else if (checked && chart.isHeld) draw(checked, edited.shown);
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
  let known = "";
  let pending = Promise.resolve();
  const set = (value: string): void => void (pending = setField(field, value));
  const input = h("input", {
    id,
    type: "text",
    inputmode: "decimal",
    spellcheck: "false",
    onchange: () => set(input.value),
    // What was refused, or written in another way, is not what the text has.
    onblur: () => void pending.then(() => checkedDoc?.eq(view.state.doc) && (input.value = known)),
  });
  const slider = h("input", {
    type: "range",
    "aria-label": `${label}, slider`,
    oninput: () => {
      isHeld = true;
      input.value = choices[Number(slider.value)];
      slider.setAttribute("aria-valuetext", input.value);
      set(input.value);
    },
    onchange: () => {
      isHeld = false;
    },
  });
  const unit = h("span", { class: "unit" });
  const element = h("div", { class: "control" }, h("label", { for: id, title: field }, label), input, slider, unit);
  const update = (now: Field): void => {
    unit.textContent = now.unit;
    known = now.value;
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

let isSaving = false;

const save = latest(async () => {
  const saved = text();
  isSaving = true;
  try {
    const { version, form } = opened;
    const answer = await ask<Disk & { isSaved: boolean }>("save", { text: saved, version, form });
    if (!answer.isSaved) {
      askAbout(answer);
      return;
    }
    opened = { ...opened, text: saved, version: answer.version };
  } finally {
    isSaving = false;
  }
  fill(asking);
  say(`Saved ${opened.name}.`);
  showState();
  void check();
});

/** Asks what to do with a file that has changed on the disk. */
function askAbout({ version, why }: Disk): void {
  const name = opened.name;
  const words = version
    ? `${name} was changed on the disk by another program.`
    : why
      ? `${name} cannot be read any more: ${why}.`
      : `${name} is no longer on the disk.`;
  const load = h("button", { type: "button", onclick: () => void reload() }, "Load what is on the disk");
  const keep = h(
    "button",
    {
      type: "button",
      onclick: () => {
        // The next save replaces that version, and no later one.
        opened = { ...opened, version, text: null };
        fill(asking);
        showState();
        void check();
        say(version ? "Your text is kept. Save writes it over what is on the disk." : "Your text is kept. Save writes the file again.");
        view.focus();
      },
    },
    "Keep this text",
  );
  fill(asking, h("p", {}, words), version ? load : null, keep);
}

async function reload(): Promise<void> {
  try {
    const disk = await ask<Opened>("open");
    opened = disk;
    fill(asking);
    replace(disk.text!);
    showState();
    void check();
    say(`Loaded ${opened.name} from the disk. Undo brings your text back.`);
    view.focus();
  } catch (error) {
    failed(error);
  }
}

let isWatching = false;

/** Looks whether the file is another one now; and whether the server is there. */
async function watchDisk(): Promise<void> {
  if (document.hidden || asking.hasChildNodes() || isWatching) return;
  const { version } = opened;
  isWatching = true;
  try {
    const disk = await ask<Disk>("disk");
    if (isGone) {
      isGone = false;
      say("The server answers again.");
      void check();
    }
    // A version that this page saves, or has saved meanwhile, does not come from another program.
    if (!isSaving && opened.version === version && disk.version !== version) askAbout(disk);
  } catch (error) {
    if (!isGone || !(error instanceof Gone)) failed(error);
  } finally {
    isWatching = false;
  }
}

// --- the editor --------------------------------------------------------------------------------

/** An answer that the page can do without: a failure is reported, and null returned. */
async function offered<T>(name: string, values: object): Promise<T | null> {
  try {
    return await ask<T>(name, values);
  } catch (error) {
    failed(error);
    return null;
  }
}

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  if (!context.explicit && !context.matchBefore(/[\w@]+/)) return null;
  const values = { text: context.state.doc.toString(), offset: context.pos };
  const { options } = (await offered<{ options: Option[] }>("complete", values)) ?? { options: [] };
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
  const values = { text: editor.state.doc.toString(), offset: pos };
  const answer = await offered<{ text: string; from: number; to: number }>("hover", values);
  if (!answer?.text) return null;
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
      doc: opened.text!,
      extensions: [
        EditorView.cspNonce.of(nonce),
        // A lone CR stays where it is: Python decides what ends a line.
        EditorState.lineSeparator.of("\n"),
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection({ cursorBlinkRate: window.matchMedia("(prefers-reduced-motion)").matches ? 0 : 1200 }),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        // These, too, change in which order a line is shown.
        highlightSpecialChars({ addSpecialChars: /[\u180e\u202a-\u202c\u2068]/g }),
        // A file ends its lines in one way: Python puts CR back where the others have it.
        EditorView.clipboardInputFilter.of((pasted) => pasted.replace(/\r\n?/g, "\n")),
        highlightSelectionMatches(),
        syntaxHighlighting(colors),
        languageOf(opened.format),
        autocompletion({ override: [complete] }),
        documentation,
        // In a landmark of the page, which screen readers list.
        tooltips({ parent: document.querySelector<HTMLElement>("main")! }),
        EditorView.contentAttributes.of({ "aria-label": `text of ${opened.name}`, "aria-describedby": "text-keys", tabindex: "0" }),
        keymap.of([
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

/** Keys that work everywhere on the page; in a field of text, undo is that of the field. */
function pageKey(event: KeyboardEvent): void {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  const target = event.target as HTMLElement;
  const isText = target.isContentEditable || (target instanceof HTMLInputElement && target.type === "text");
  if (key === "s" && !event.shiftKey) void save();
  else if (!isText && key === "z") (event.shiftKey ? redo : undo)(view);
  else if (!isText && key === "y") redo(view);
  else return;
  event.preventDefault();
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
      h("section", { class: "beside", "aria-label": "schedule" }, chart.element, about, found, h("h2", {}, "Numbers"), controls, more, table),
    ),
  );
  view = editor();
  textHost.append(h("p", { id: "text-keys", class: "hint" }, KEYS));
  showState();
  await check();
  view.focus();
  document.addEventListener("keydown", pageKey);
  window.addEventListener("focus", () => void watchDisk());
  window.setInterval(() => void watchDisk(), DISK_MILLISECONDS);
  window.addEventListener("beforeunload", (event) => {
    if (isChanged()) event.preventDefault();
  });
}

void start();
