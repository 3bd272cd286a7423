/** The picture of one or more schedules: zoom, a cursor for mouse and keys, marks, and handles. */

import uPlot from "uplot";

import { h } from "./dom";
import type { Curve, Mark } from "./model";
import { rateText, stepText } from "./numbers";

export interface Drawn {
  label: string;
  curve: Curve;
  /** Drawn below the others and paler, such as the saved version. */
  isPast?: boolean;
}

/** Something that can be dragged, or the reason why it cannot. */
export interface Handle {
  kind: "boundary" | "peak";
  step: number;
  rate: number;
  /** The field that decides it; empty where no single one does. */
  field: string;
  /** Its description. */
  words: string;
}

const DASHES = [[], [6, 3], [2, 3]];
const HEIGHT = 320;
const NEAR = 10;

/** The colours of the page, which follow its light or dark theme. */
function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export class Chart {
  readonly element: HTMLElement;
  /** Called when a handle was dragged to another step and rate. */
  dragged?: (handle: Handle, step: number, rate: number, isDone: boolean) => void;
  /** Said when something cannot be dragged, and while a handle is chosen. */
  said?: (text: string) => void;

  private readonly host: HTMLElement;
  private readonly reading: HTMLElement;
  private readonly live: HTMLElement;
  private readonly scaleButton: HTMLButtonElement;
  private plot: uPlot | null = null;
  private drawn: Drawn[] = [];
  private handles: Handle[] = [];
  private isLog = false;
  private limits: [number, number] | null = null;
  private held: Handle | null = null;

  constructor() {
    this.host = h("div", {
      class: "plot",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "chart",
      "aria-describedby": "chart-keys",
      onkeydown: (event: KeyboardEvent) => this.key(event),
    });
    this.reading = h("output", { class: "reading", "aria-hidden": "true" });
    this.live = h("div", { class: "unseen", "aria-live": "polite", role: "status" });
    this.scaleButton = h(
      "button",
      { type: "button", "aria-pressed": "false", onclick: () => this.setLog(!this.isLog) },
      "Logarithmic",
    );
    this.element = h(
      "div",
      { class: "chart" },
      h(
        "div",
        { class: "tools" },
        this.scaleButton,
        h("button", { type: "button", onclick: () => this.zoom(0.5) }, "Zoom in"),
        h("button", { type: "button", onclick: () => this.zoom(2) }, "Zoom out"),
        h("button", { type: "button", onclick: () => this.whole() }, "Whole run"),
        this.reading,
      ),
      this.host,
      h(
        "p",
        { id: "chart-keys", class: "hint" },
        "Drag to zoom, or use the keys: left and right arrows move along the curve, with Shift to " +
          "the next mark; plus and minus zoom, 0 shows the whole run, L switches to a logarithmic axis.",
      ),
      this.live,
    );
    Object.assign(this.element, { chart: this }); // for tests, which drag what is drawn
    new ResizeObserver(() => this.resize()).observe(this.host);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    // Paper has its own width, and light colours.
    window.matchMedia("print").addEventListener("change", () => this.draw());
  }

  /** Draws other curves. The zoom stays where `keepsZoom` says so. */
  show(drawn: Drawn[], label: string, handles: Handle[] = [], keepsZoom = false): void {
    // What is past is drawn first, so that it is under the others.
    this.drawn = [...drawn.filter(({ isPast }) => isPast), ...drawn.filter(({ isPast }) => !isPast)];
    this.handles = handles;
    this.host.setAttribute("aria-label", label);
    if (!keepsZoom || (this.limits && this.limits[0] >= this.end)) this.limits = null;
    this.draw();
  }

  setLog(isLog: boolean): void {
    this.isLog = isLog;
    this.scaleButton.setAttribute("aria-pressed", String(isLog));
    this.draw();
  }

  /** Draws again, as after a change of the theme. */
  draw(): void {
    const index = this.plot?.cursor.idx ?? null;
    this.plot?.destroy();
    this.plot = null;
    this.host.replaceChildren();
    if (!this.drawn.length) return;
    const data = uPlot.join(
      this.drawn.map(({ curve }) => [curve.steps, this.heights(curve)] as uPlot.AlignedData),
    );
    this.plot = new uPlot(this.options(), data, this.host);
    // The scales are known in the next turn.
    if (index !== null && document.activeElement === this.host) queueMicrotask(() => this.moveTo(index));
  }

  /** Where the horizontal axis ends. */
  private get end(): number {
    return Math.max(...this.drawn.map(({ curve }) => curve.end));
  }

  private numberOf(one: Drawn): number {
    return this.drawn.filter(({ isPast }) => !isPast).indexOf(one) % DASHES.length;
  }

  private colorOf(one: Drawn): string {
    return one.isPast ? "past" : `curve-${this.numberOf(one)}`;
  }

  private heights(curve: Curve): (number | null)[] {
    if (!this.isLog) return curve.rates;
    return curve.rates.map((rate) => (rate === null ? null : Math.max(rate, curve.least)));
  }

  private options(): uPlot.Options {
    const ink = color("ink");
    const grid = { stroke: color("grid"), width: 1 };
    const { end } = this;
    const high = Math.max(...this.drawn.map(({ curve }) => curve.high));
    const least = Math.min(...this.drawn.map(({ curve }) => curve.least));
    const logHigh = Math.max(...this.drawn.map(({ curve }) => curve.logHigh));
    const axis = { stroke: ink, grid, ticks: grid, font: "12px system-ui, sans-serif" };
    return {
      width: this.host.clientWidth || 600,
      height: HEIGHT,
      legend: { show: false },
      padding: [28, 30, 0, 0],
      pxAlign: 0,
      cursor: {
        drag: { x: true, y: false, dist: 5, setScale: false }, // `limit` does it.
        points: { size: 7 },
        // Handles take the mouse before the zoom does.
        bind: {
          mousedown: (plot, _target, handler) => (event: MouseEvent) => {
            if (event.button !== 0 || !this.grab(plot, event)) handler(event);
            return null;
          },
          dblclick: () => () => {
            this.whole();
            return null;
          },
        },
      },
      scales: {
        x: { time: false, range: () => this.limits ?? [0, end] },
        y: {
          distr: this.isLog ? 3 : 1,
          range: () => (this.isLog ? [least, logHigh] : [0, high]),
        },
      },
      axes: [
        { ...axis, label: "step", labelSize: 20, values: (_plot, values) => values.map((v) => (Number.isInteger(v) ? stepText(v) : "")) },
        {
          ...axis,
          size: 78,
          label: "learning rate",
          labelSize: 20,
          values: (_plot, values) => values.map((v) => (v === null ? "" : rateText(Number(v.toPrecision(6))))),
        },
      ],
      series: [
        {},
        ...this.drawn.map((one) => ({
          label: one.label,
          stroke: color(this.colorOf(one)),
          width: one.isPast ? 1.5 : 2,
          dash: one.isPast ? [4, 4] : DASHES[this.numberOf(one)],
          spanGaps: true,
          points: { show: false },
        })),
      ],
      hooks: {
        draw: [(plot) => this.drawMarks(plot)],
        setCursor: [(plot) => this.read(plot)],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            this.limit(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          },
        ],
      },
    };
  }

  private resize(): void {
    const width = this.host.clientWidth;
    if (this.plot && width && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  // --- marks and handles -----------------------------------------------------------------------

  private drawMarks(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.textBaseline = "bottom";
    ctx.textAlign = "left"; // uPlot leaves the alignment of its axis.
    const taken: [number, number, number][] = [];
    for (const { mark, ink } of this.marks()) {
      const x = plot.valToPos(mark.step, "x", true);
      if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
      ctx.strokeStyle = color(mark.kind === "segment" ? "faint" : ink);
      ctx.lineWidth = ratio;
      ctx.setLineDash(mark.kind === "end" ? [] : [3 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const row = mark.kind === "error" || mark.kind === "warning" ? 1 : 0;
      const width = ctx.measureText(mark.text).width;
      const left = Math.min(x + 3 * ratio, bbox.left + bbox.width - width);
      if (taken.every(([r, from, to]) => r !== row || left > to + 6 || left + width < from - 6)) {
        taken.push([row, left, left + width]);
        ctx.fillStyle = color(ink);
        ctx.fillText(mark.text, left, bbox.top - 1 - row * 12 * ratio);
      }
    }
    ctx.setLineDash([]);
    const isPaper = window.matchMedia("print").matches;
    for (const handle of this.handles) {
      if (!handle.field || isPaper) continue;
      const x = plot.valToPos(handle.step, "x", true);
      const y =
        handle.kind === "peak" ? plot.valToPos(this.height(handle.rate), "y", true) : bbox.top + bbox.height;
      if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
      ctx.fillStyle = color("paper");
      ctx.strokeStyle = color("handle");
      ctx.lineWidth = 2 * ratio;
      ctx.beginPath();
      if (handle.kind === "peak") ctx.arc(x, y, 6 * ratio, 0, 2 * Math.PI);
      else ctx.rect(x - 4 * ratio, y - 8 * ratio, 8 * ratio, 16 * ratio);
      ctx.fill();
      ctx.stroke();
    }
    ctx.restore();
  }

  private height(rate: number): number {
    return this.isLog ? Math.max(rate, Math.min(...this.drawn.map(({ curve }) => curve.least))) : rate;
  }

  /** Where a handle is on the page, for tests and for the mouse. */
  placeOf(handle: Handle): { x: number; y: number } {
    const over = this.plot!.over.getBoundingClientRect();
    // Boundaries are taken at the axis, where the peak is not in the way.
    return {
      x: over.left + this.plot!.valToPos(handle.step, "x"),
      y: handle.kind === "peak" ? over.top + this.plot!.valToPos(this.height(handle.rate), "y") : over.bottom - 2,
    };
  }

  /** Takes the handle under the mouse; whether there is one. */
  private grab(plot: uPlot, event: MouseEvent): boolean {
    const near = this.handles.find((handle) => {
      const { x, y } = this.placeOf(handle);
      const reach = handle.kind === "boundary" ? NEAR * 1.6 : NEAR;
      return Math.abs(event.clientX - x) <= NEAR && Math.abs(event.clientY - y) <= reach;
    });
    if (!near) return false;
    if (!near.field) {
      this.said?.(near.words);
      return false;
    }
    this.held = near;
    const over = plot.over.getBoundingClientRect();
    const at = (moved: MouseEvent) => ({
      step: plot.posToVal(moved.clientX - over.left, "x"),
      rate: plot.posToVal(moved.clientY - over.top, "y"),
    });
    const move = (moved: MouseEvent) => {
      // The button was let go where no page is told of it.
      if (!moved.buttons) up(moved);
      else this.dragged?.(near, at(moved).step, at(moved).rate, false);
    };
    const up = (moved: MouseEvent) => {
      removeEventListener("mousemove", move);
      removeEventListener("mouseup", up);
      this.held = null;
      this.dragged?.(near, at(moved).step, at(moved).rate, true);
    };
    addEventListener("mousemove", move);
    addEventListener("mouseup", up);
    return true;
  }

  /** Whether a handle is being dragged. */
  get isHeld(): boolean {
    return this.held !== null;
  }

  /** Ends and findings first: their labels matter more. Of several curves, an end has its colour. */
  private marks(): { mark: Mark; ink: string }[] {
    const rank = { end: 0, error: 1, warning: 2, segment: 3 };
    const present = this.drawn.filter(({ isPast }) => !isPast);
    const isOne = present.length === 1;
    const inkOf = (mark: Mark, one: Drawn): string => {
      if (mark.kind === "segment") return "ink";
      return mark.kind === "end" && !isOne ? this.colorOf(one) : mark.kind;
    };
    return present
      .flatMap((one) =>
        one.curve.marks
          .filter(({ kind }) => isOne || kind !== "segment")
          .map((mark) => ({ mark, ink: inkOf(mark, one) })),
      )
      .sort((one, other) => rank[one.mark.kind] - rank[other.mark.kind] || one.mark.step - other.mark.step);
  }

  // --- cursor and zoom -------------------------------------------------------------------------

  private read(plot: uPlot): void {
    const index = plot.cursor.idx;
    this.reading.textContent = index == null ? "" : this.words(plot, index);
  }

  private words(plot: uPlot, index: number): string {
    const step = plot.data[0][index];
    const rates = this.drawn.flatMap(({ label, curve }) => {
      const at = curve.steps.indexOf(step);
      const rate = curve.rates[at];
      if (at < 0) return [];
      const words = rate === null ? "no rate" : rateText(rate);
      return [this.drawn.length > 1 ? `${label} ${words}` : words];
    });
    return `step ${stepText(step)}: ${rates.join(", ")}`;
  }

  private key(event: KeyboardEvent): void {
    const plot = this.plot;
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = plot.data[0];
    const index = plot.cursor.idx ?? -1;
    const actions: Record<string, () => void> = {
      ArrowRight: () => this.moveTo(event.shiftKey ? this.nextMark(index, 1) : index + 1),
      ArrowLeft: () => this.moveTo(event.shiftKey ? this.nextMark(index, -1) : index - 1),
      Home: () => this.moveTo(0),
      End: () => this.moveTo(steps.length - 1),
      "+": () => this.zoom(0.5),
      "=": () => this.zoom(0.5),
      "-": () => this.zoom(2),
      "0": () => this.whole(),
      Escape: () => this.whole(),
      l: () => this.setLog(!this.isLog),
      L: () => this.setLog(!this.isLog),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  private nextMark(index: number, direction: 1 | -1): number {
    const steps = this.plot!.data[0];
    const marks = new Set(this.drawn.flatMap(({ curve }) => curve.marks.map(({ step }) => step)));
    for (let i = index + direction; i >= 0 && i < steps.length; i += direction)
      if (marks.has(steps[i])) return i;
    return direction > 0 ? steps.length - 1 : 0;
  }

  /** Moves the cursor to one of the drawn steps, and says what is there. */
  private moveTo(index: number): void {
    const plot = this.plot!;
    index = Math.min(Math.max(index, 0), plot.data[0].length - 1);
    const step = plot.data[0][index];
    const { min, max } = plot.scales.x;
    if (step < min! || step > max!) this.limit(step - (max! - min!) / 2, step + (max! - min!) / 2);
    const rate = plot.data[this.drawn.length][index] ?? 0;
    plot.setCursor({ left: plot.valToPos(step, "x"), top: plot.valToPos(this.height(rate), "y") });
    this.live.textContent = this.words(plot, index);
  }

  private zoom(factor: number): void {
    const plot = this.plot;
    if (!plot) return;
    const { min, max } = plot.scales.x;
    const index = plot.cursor.idx;
    const middle = index == null ? (min! + max!) / 2 : plot.data[0][index];
    const half = ((max! - min!) / 2) * factor;
    this.limit(middle - half, middle + half);
  }

  private limit(from: number, to: number): void {
    const { end } = this;
    const width = Math.max(to - from, 2);
    if (width >= end) return this.whole();
    from = Math.min(Math.max(from, 0), end - width);
    this.limits = [from, from + width];
    this.rescale();
  }

  private whole(): void {
    this.limits = null;
    this.rescale();
  }

  private rescale(): void {
    // The range of the scale comes from `limits`, whatever is asked for here.
    this.plot?.setScale("x", { min: 0, max: 1 });
  }
}
