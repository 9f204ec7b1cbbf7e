// Issues a request of protobuf JSON, downloads and verifies it: @grpc/grpc-js, mutual TLS.
//
//   node issue.mjs SERVER CA CERT KEY REQUEST.json OUT.pdf
//
// Needs the packages @grpc/grpc-js and @grpc/proto-loader (npm install here, or NODE_PATH).
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const require = createRequire(process.env.NODE_PATH ? process.env.NODE_PATH + '/' : import.meta.url);
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [server, ca, cert, key, requestFile, outFile] = process.argv.slice(2);
if (!outFile) {
  console.error('usage: issue.mjs SERVER CA CERT KEY REQUEST.json OUT.pdf');
  process.exit(2);
}

const proto = fileURLToPath(new URL('../../rpc/proto', import.meta.url));
const services = ['issuance', 'registry', 'verification'].map((name) => `salvo/v1/${name}.proto`);
const { v1 } = grpc.loadPackageDefinition(
  loader.loadSync(services, { includeDirs: [proto], longs: String, enums: String, defaults: true, oneofs: true }),
).salvo;
const credentials = grpc.credentials.createSsl(readFileSync(ca), readFileSync(key), readFileSync(cert));
const deadline = () => ({ deadline: Date.now() + 30000 });

// One promise a unary call.
const call = (client, method, request) =>
  new Promise((resolve, reject) =>
    client[method](request, new grpc.Metadata(), deadline(), (error, answer) => (error ? reject(error) : resolve(answer))));

async function download(number) {
  const parts = [];
  const stream = new v1.RegistryService(server, credentials).DownloadDocument({ number }, new grpc.Metadata(), deadline());
  for await (const message of stream) parts.push(message.chunk);
  return Buffer.concat(parts);
}

function verify(pdf) {
  return new Promise((resolve, reject) => {
    const stream = new v1.VerificationService(server, credentials).VerifyDocument(
      new grpc.Metadata(), deadline(), (error, answer) => (error ? reject(error) : resolve(answer.report)));
    for (let at = 0; at < pdf.length; at += 60000) stream.write({ chunk: pdf.subarray(at, at + 60000), language: 'en' });
    stream.end();
  });
}

try {
  const request = JSON.parse(readFileSync(requestFile, 'utf8'));
  const answer = await call(new v1.IssuanceService(server, credentials), 'IssueDocument', request);
  if (answer.document.state === 'STATE_PENDING_APPROVAL') {
    console.log(JSON.stringify({ number: answer.document.number, awaits: 'other officers; then the same request gives the file' }));
    process.exit(0);
  }
  const pdf = await download(answer.document.number);
  if (!pdf.equals(answer.pdf)) throw new Error('the downloaded bytes differ from the issued ones');
  writeFileSync(outFile, pdf);
  const report = await verify(pdf);
  console.log(JSON.stringify({ number: answer.document.number, verdict: report.verdict, reasons: report.reasons }));
} catch (error) {
  console.error(`${grpc.status[error.code] ?? 'ERROR'}: ${error.details ?? error.message}`);
  process.exit(1);
}
