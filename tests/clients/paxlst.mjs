// Reads a PAXLST interchange with the npm packages `edifact` and `ts-edifact`, and says what both agree on: each line of the
// answer is a segment, as JSON.
import assert from "node:assert";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [path, level = "UNOA"] = process.argv.slice(2);
const text = readFileSync(path, "latin1");

function collector() {
  const segments = [];
  return {
    segments,
    open: (name) => segments.push([name]),
    element: () => segments.at(-1).push([]),
    component: (data) => segments.at(-1).at(-1).push(data),
  };
}

function withEdifact() {
  const Parser = require("edifact/parser.js");
  const parser = new Parser();
  const c = collector();
  Object.assign(parser, { onopensegment: c.open, onelement: c.element, oncomponent: c.component });
  parser.encoding(level);
  parser.write(text);
  parser.end();
  return c.segments;
}

function withTsEdifact() {
  const { Parser } = require("ts-edifact/lib/parser.js");
  const parser = new Parser();
  const c = collector();
  parser.on("openSegment", c.open).on("element", c.element).on("component", c.component);
  parser.write(text);
  parser.end();
  return c.segments.filter(([name]) => name !== "UNA"); // the other one does not tell it
}

const read = withEdifact();
assert.deepStrictEqual(withTsEdifact(), read);
for (const segment of read) console.log(JSON.stringify(segment));
