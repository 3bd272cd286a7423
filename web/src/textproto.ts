/** The colours of Protobuf's text format. Python reads it; this only tells words apart. */

import { StreamLanguage } from "@codemirror/language";

export const textproto = StreamLanguage.define<Record<string, never>>({
  name: "textproto",
  startState: () => ({}),
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.eat("#")) {
      stream.skipToEnd();
      return "comment";
    }
    const quote = stream.match(/^["']/) as RegExpMatchArray | null;
    if (quote) {
      let character: string | void;
      while ((character = stream.next())) {
        if (character === "\\") stream.next();
        else if (character === quote[0]) break;
      }
      return "string";
    }
    if (stream.match(/^[-+]?(0[xX][\da-fA-F]+|(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?[fF]?)(?![\w.])/)) return "number";
    if (stream.match(/^(true|false|inf|nan)\b/)) return "atom";
    if (stream.match(/^[A-Za-z_][\w.]*(?=\s*[:{<])/)) return "propertyName";
    if (stream.match(/^[A-Za-z_][\w.]*/)) return "atom";
    if (stream.match(/^[{}<>[\]]/)) return "bracket";
    stream.next();
    return "punctuation";
  },
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["{", "[", '"', "'"] } },
});
