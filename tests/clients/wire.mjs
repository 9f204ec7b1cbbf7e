// What the tests of the wire share: schemas without generated code, certificates, servers as processes, transports of
// every protocol, and requests by hand.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http2 from "node:http2";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { compressionGzip, createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";

export const TESTS = dirname(dirname(fileURLToPath(import.meta.url)));
export const PROTOCOLS = ["connect", "grpc", "grpc-web"];

export function schema(root, ...files) {
  const folder = mkdtempSync(join(tmpdir(), "schema."));
  const set = join(folder, "set");
  const made = spawnSync("protoc", ["-I", root, "-I", "/usr/include", "--include_imports", `--descriptor_set_out=${set}`, ...files]);
  if (made.status !== 0) {
    throw new Error(String(made.stderr));
  }
  const bytes = readFileSync(set);
  rmSync(folder, { recursive: true });
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
}

// A CA, a server's certificate for localhost, a client's of the same CA, and a stranger's.
export function certificates() {
  const folder = mkdtempSync(join(tmpdir(), "wire."));
  const run = (...args) => {
    const done = spawnSync("openssl", args, { cwd: folder });
    if (done.status !== 0) {
      throw new Error(String(done.stderr));
    }
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  writeFileSync(join(folder, "leaf.cnf"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  for (const ca of ["ca", "other"]) {
    run("req", "-x509", ...key, "-keyout", `${ca}.key`, "-out", `${ca}.pem`, "-days", "2", "-subj", `/CN=${ca}`);
  }
  for (const [name, ca] of [["server", "ca"], ["client", "ca"], ["stranger", "other"]]) {
    run("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
    run("x509", "-req", "-in", `${name}.csr`, "-CA", `${ca}.pem`, "-CAkey", `${ca}.key`, "-CAcreateserial", "-days", "2",
      "-extfile", "leaf.cnf", "-out", `${name}.pem`);
  }
  return {
    path: (name) => join(folder, name),
    read: (name) => readFileSync(join(folder, name)),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

// A server that prints "port N".
export async function server(binary, ...args) {
  const child = spawn(binary, args, { stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (d) => {
      text += d;
      const found = text.match(/^port (\d+)$/m);
      if (found) {
        resolve(Number(found[1]));
      }
    });
    child.on("exit", () => reject(new Error("the server did not start")));
  });
  return { port, child, stop: () => stop(child) };
}

export function stop(child) {
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => resolve(code ?? signal));
    child.kill("SIGTERM");
  });
}

export function transport(protocol, { port, json = false, gzip = false, get = false, tls = null, limit = 1 << 26 }) {
  const make = { connect: createConnectTransport, grpc: createGrpcTransport, "grpc-web": createGrpcWebTransport }[protocol];
  return make({
    baseUrl: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    httpVersion: "2",
    useBinaryFormat: !json,
    useHttpGet: get,
    acceptCompression: gzip ? [compressionGzip] : [],
    sendCompression: gzip ? compressionGzip : undefined,
    compressMinBytes: 0,
    readMaxBytes: limit,
    writeMaxBytes: limit,
    jsonOptions: json ? { registry: json } : undefined,
    nodeOptions: tls ? { ca: tls.ca, cert: tls.cert, key: tls.key } : undefined,
  });
}

// One request by hand: { status, headers, body, trailers }.
export function byHand(port, headers, body, tls) {
  return new Promise((resolve, reject) => {
    const session = http2.connect(`${tls ? "https" : "http"}://127.0.0.1:${port}`, tls ? { ca: tls.ca } : {});
    session.on("error", reject);
    const stream = session.request({ ":method": "POST", ...headers }, { endStream: body === undefined });
    const parts = [];
    let got, trailers = {};
    stream.on("response", (h) => { got = h; });
    stream.on("trailers", (t) => { trailers = t; });
    stream.on("data", (d) => parts.push(d));
    stream.on("error", reject);
    stream.on("close", () => {
      session.close();
      resolve({ status: got?.[":status"], headers: got ?? {}, body: Buffer.concat(parts), trailers });
    });
    if (body !== undefined) {
      stream.end(body);
    }
  });
}

export function frame(bytes, flag = 0) {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}
