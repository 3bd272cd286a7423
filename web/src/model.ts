/** What Python says of a schedule: `schedule_builder/web/model.py`. Texts are ready to be shown. */

export interface Mark {
  step: number;
  text: string;
  kind: "segment" | "end" | "error" | "warning";
}

export interface Curve {
  steps: number[];
  rates: (number | null)[];
  marks: Mark[];
  /** Where the horizontal axis ends. */
  end: number;
  /** The top of a linear axis, and the bottom and the top of a logarithmic one. */
  high: number;
  least: number;
  logHigh: number;
  /** A small curve: the path of an SVG of 96 by 24. */
  thumbnail: string;
}

export interface Segment {
  steps: string;
  words: string;
  first: string;
  last: string;
}

export interface Finding {
  code: string;
  name: string;
  severity: "error" | "warning";
  row: number;
  column: number;
  endRow: number;
  endColumn: number;
  message: string;
  /** The address of the rule's page. */
  page: string;
  /** What `--fix` does about it. */
  fix: string;
  lines: { row: number; text: string }[];
}

export interface Shown {
  name: string;
  about: string;
  kind: string;
  facts: [string, string][];
  segments: Segment[];
  findings: Finding[];
  curve: Curve | null;
  /** What it was before, in a report of changes. */
  before?: Shown;
  /** `changed`, `added` and the like, in a report of changes. */
  status?: string;
}

/** An entry of the report. */
export interface Entry extends Shown {
  /** The name without the folders that all entries share. */
  short: string;
}

export interface Report {
  title: string;
  counts: string;
  entries: Entry[];
}
