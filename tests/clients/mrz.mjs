// Judges a machine readable zone: its lines as arguments, its fields as JSON. The package knows no code PL or PU in a TD2, nor
// the specimen state UTO: these two alone are forgiven.
import { parse } from 'mrz';

const result = parse(process.argv.slice(2));
const faults = result.details.filter((d) => !d.valid && d.field !== 'documentCode' && !/ UTO$/.test(d.error)).map((d) => `${d.field}: ${d.error}`);
console.log(JSON.stringify({ format: result.format, fields: result.fields, faults }));
process.exit(faults.length ? 1 : 0);
