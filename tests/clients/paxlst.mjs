// Reads PAXLST interchanges with the npm package `edifact`: each line of the answer is a segment, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const Parser = createRequire(import.meta.url)("edifact/parser.js");
const parser = new Parser();
let segment;
parser.onopensegment = (name) => (segment = [name]);
parser.onelement = () => segment.push([]);
parser.oncomponent = (data) => segment.at(-1).push(data);
parser.onclosesegment = () => console.log(JSON.stringify(segment));
parser.encoding(process.argv[3] ?? "UNOA");
parser.write(readFileSync(process.argv[2], "latin1"));
parser.end();
