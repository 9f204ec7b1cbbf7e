// Can a client that has no schema use these servers?   reflection.mjs INTEROP-SERVER CONFORMANCE-SERVER
// buf lists and calls by reflection, in every protocol, in clear text and over TLS; what is described is whole, in both versions.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { create, createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { PROTOCOLS, TESTS, certificates, schema, server, stop, transport } from "./wire.mjs";

const [INTEROP, CONFORMANCE] = process.argv.slice(2);
const BUF = join(dirname(fileURLToPath(import.meta.url)), "node_modules/.bin/buf");
const SERVICE = "connectrpc.conformance.v1.ConformanceService";
const certs = certificates();
const reflection = schema(`${TESTS}/../rpc/proto`, "grpc/reflection/v1/reflection.proto", "grpc/reflection/v1alpha/reflection.proto");

async function conformance() {
  const files = schema(`${TESTS}/conformance`, "connectrpc/conformance/v1/server_compat.proto");
  const type = (name) => files.getMessage(`connectrpc.conformance.v1.${name}`);
  const wish = toBinary(type("ServerCompatRequest"), create(type("ServerCompatRequest"), { protocol: 1, httpVersion: 2 }));
  const child = spawn(CONFORMANCE, { stdio: ["pipe", "pipe", "inherit"] });
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(wish.length);
  child.stdin.write(Buffer.concat([prefix, wish]));
  const bytes = await new Promise((resolve) => child.stdout.once("data", resolve));
  return { port: fromBinary(type("ServerCompatResponse"), bytes.subarray(4)).port, stop: () => stop(child) };
}

const buf = async (protocol, ...args) => (await promisify(execFile)(BUF, ["curl", "--protocol", protocol, ...args])).stdout;
// In the order that a registry wants: what is imported comes first. Throws for what is not there.
function ordered(files) {
  const byName = new Map(files.map((f) => [f.name, f]));
  const found = new Set();
  const visit = (name) => {
    const file = byName.get(name);
    assert.ok(file, `${name} is imported and not there`);
    file.dependency.forEach(visit);
    found.add(file);
  };
  files.forEach((f) => visit(f.name));
  return [...found];
}

const lines = (text) => text.split("\n").filter(Boolean);

for (const tls of [false, true]) {
  test(`buf lists and calls the interoperability server ${tls ? "over TLS" : "in clear text"}`, async (t) => {
    const s = await server(INTEROP, "0", ...(tls ? [certs.path("server.pem"), certs.path("server.key")] : []));
    t.after(async () => assert.equal(await s.stop(), 0));
    const base = `${tls ? "https" : "http"}://localhost:${s.port}`;
    const how = tls ? ["--cacert", certs.path("ca.pem")] : ["--http2-prior-knowledge"];
    await Promise.all(["grpc", "grpcweb", "connect"].map(async (protocol) => {
      const listed = lines(await buf(protocol, ...how, "--list-services", base));
      assert.ok(listed.includes("grpc.testing.TestService") && listed.includes("grpc.health.v1.Health"), String(listed));
      const methods = lines(await buf(protocol, ...how, "--list-methods", base));
      for (const name of ["EmptyCall", "UnaryCall", "StreamingInputCall", "StreamingOutputCall", "FullDuplexCall", "HalfDuplexCall"]) {
        assert.ok(methods.includes(`grpc.testing.TestService/${name}`), name);
      }
      const call = async (name, data, ...more) =>
        lines(await buf(protocol, ...how, ...more, "--data", data, `${base}/grpc.testing.TestService/${name}`)).join("");
      assert.equal(await call("EmptyCall", "{}"), "{}");
      assert.equal(JSON.parse(await call("UnaryCall", '{"responseSize": 3}')).payload.body, "AAAA");
      assert.equal((await call("StreamingOutputCall", '{"responseParameters": [{"size": 3}, {"size": 6}]}')).match(/"body"/g).length, 2);
      assert.equal(JSON.parse(await call("StreamingInputCall", '{"payload": {"body": "AAAA"}} {"payload": {"body": "AAA="}}'))
        .aggregatedPayloadSize, 5);
      for (const version of ["grpc-v1", "grpc-v1alpha"]) {
        assert.equal(await call("EmptyCall", "{}", "--reflect-protocol", version), "{}");
      }
      assert.equal((await buf(protocol, ...how, "--data", "{}", `${base}/grpc.health.v1.Health/Check`)).includes("SERVING"), true);
    }));
  });
}

test("buf lists and calls the conformance server", async (t) => {
  const s = await conformance();
  t.after(async () => assert.equal(await s.stop(), 0));
  const base = `http://localhost:${s.port}`;
  await Promise.all(["grpc", "grpcweb", "connect"].map(async (protocol) => {
    const methods = lines(await buf(protocol, "--http2-prior-knowledge", "--list-methods", base));
    for (const name of ["Unary", "ServerStream", "ClientStream", "BidiStream", "IdempotentUnary", "Unimplemented"]) {
      assert.ok(methods.includes(`${SERVICE}/${name}`), name);
    }
    const answer = JSON.parse(await buf(protocol, "--http2-prior-knowledge", "--data",
      '{"responseDefinition": {"responseData": "AQID"}}', `${base}/${SERVICE}/Unary`));
    assert.equal(answer.payload.data, "AQID");
    const bidi = await buf(protocol, "--http2-prior-knowledge", "--data",
      '{"responseDefinition": {"responseData": ["AQ==", "Ag=="]}}', `${base}/${SERVICE}/BidiStream`);
    assert.equal(bidi.match(/"data"/g).length, 2);
  }));
});

test("what is described is whole, in both versions, in every protocol", async (t) => {
  const s = await conformance();
  t.after(async () => assert.equal(await s.stop(), 0));
  for (const version of ["v1", "v1alpha"]) {
    for (const protocol of PROTOCOLS) {
      const client = createClient(reflection.getService(`grpc.reflection.${version}.ServerReflection`), transport(protocol, { port: s.port }));
      const ask = async (...questions) => {
        const answers = [];
        for await (const a of client.serverReflectionInfo((async function* () { yield* questions; })())) {
          answers.push(a.messageResponse);
        }
        return answers;
      };
      const [listed, bySymbol, byMethod, unknown] = await ask(
        { messageRequest: { case: "listServices", value: "" } },
        { messageRequest: { case: "fileContainingSymbol", value: SERVICE } },
        { messageRequest: { case: "fileContainingSymbol", value: `${SERVICE}.Unary` } },
        { messageRequest: { case: "fileContainingSymbol", value: "no.such.Symbol" } });
      assert.ok(listed.value.service.some((x) => x.name === SERVICE));
      for (const found of [bySymbol, byMethod]) { /* a registry is made of a whole closure alone */
        const file = found.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
        const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: ordered(file) }));
        assert.equal(registry.getService(SERVICE).methods.length, 6);
      }
      assert.deepEqual([unknown.case, unknown.value.errorCode], ["errorResponse", 5]);
    }
  }
});

test.after(() => certs.remove());
