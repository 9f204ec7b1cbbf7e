// The interoperability cases of gRPC's public test description, asked by its JavaScript client.   interop.mjs INTEROP-SERVER
// In clear text and over TLS. What this client can't show (which messages were compressed, on the wire) is in interop_test.py.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { TESTS, certificates, server } from "./wire.mjs";

const BINARY = process.argv[2];
const GZIP = 2, NO_COMPRESS = "2";
const INITIAL = "x-grpc-test-echo-initial", TRAILING = "x-grpc-test-echo-trailing-bin";
const SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n";
const { testing } = grpc.loadPackageDefinition(loader.loadSync(join(TESTS, "interop/interop.proto"), { defaults: true })).grpc;
const payload = (n) => ({ body: Buffer.alloc(n) });
const asks = (...sizes) => ({ responseParameters: sizes.map((size) => ({ size })) });
const DEADLINE = () => ({ deadline: Date.now() + 20000 });

function unary(client, method, request, metadata = new grpc.Metadata(), options = DEADLINE()) {
  return new Promise((resolve) => {
    const got = {};
    const call = client[method](request, metadata, options, (error, answer) => Object.assign(got, { error, answer }));
    call.on("metadata", (m) => { got.headers = m; });
    call.on("status", (status) => resolve({ ...got, status }));
  });
}

// Everything of a stream that answers: messages, headers, status.
function stream(call) {
  const got = { messages: [], waiting: [] };
  call.on("metadata", (m) => { got.headers = m; });
  call.on("data", (m) => { got.messages.push(m); got.waiting.shift()?.(m); });
  call.on("error", () => {});
  got.status = new Promise((resolve) => call.on("status", resolve));
  got.next = () => new Promise((resolve) => got.waiting.push(resolve));
  return got;
}

function upload(client, metadata = new grpc.Metadata()) {
  let call;
  const done = new Promise((resolve) => {
    const got = {};
    call = client.streamingInputCall(metadata, DEADLINE(), (error, answer) => Object.assign(got, { error, answer }));
    call.on("status", (status) => resolve({ ...got, status }));
  });
  return { call, done };
}

const code = (got, expected) => assert.equal(got.status.code, expected, got.status.details);
const OK = grpc.status.OK;

const CASES = {
  async empty_unary({ client }) {
    const got = await unary(client, "emptyCall", {});
    code(got, OK);
    assert.deepEqual(got.answer, {});
  },
  async large_unary({ client }) {
    const got = await unary(client, "unaryCall", { responseSize: 314159, payload: payload(271828) });
    code(got, OK);
    assert.ok(got.answer.payload.body.equals(Buffer.alloc(314159)));
  },
  async client_streaming({ client }) {
    const { call, done } = upload(client);
    for (const n of [27182, 8, 1828, 45904]) {
      call.write({ payload: payload(n) });
    }
    call.end();
    assert.equal((await done).answer.aggregatedPayloadSize, 74922);
  },
  async server_streaming({ client }) {
    const got = stream(client.streamingOutputCall(asks(31415, 9, 2653, 58979), DEADLINE()));
    assert.equal((await got.status).code, OK);
    assert.deepEqual(got.messages.map((m) => m.payload.body.length), [31415, 9, 2653, 58979]);
  },
  async ping_pong({ client }) {
    const call = client.fullDuplexCall(DEADLINE());
    const got = stream(call);
    for (const [size, body] of [[31415, 27182], [9, 8], [2653, 1828], [58979, 45904]]) {
      const answer = got.next();
      call.write({ ...asks(size), payload: payload(body) });
      assert.equal((await answer).payload.body.length, size);
    }
    call.end();
    assert.equal((await got.status).code, OK);
    assert.equal(got.messages.length, 4);
  },
  async empty_stream({ client }) {
    const call = client.fullDuplexCall(DEADLINE());
    const got = stream(call);
    call.end();
    assert.equal((await got.status).code, OK);
    assert.equal(got.messages.length, 0);
  },
  async half_duplex({ client }) {
    const call = client.halfDuplexCall(DEADLINE());
    const got = stream(call);
    for (const size of [31415, 9, 2653, 58979]) {
      call.write(asks(size));
    }
    call.end();
    assert.equal((await got.status).code, OK);
    assert.deepEqual(got.messages.map((m) => m.payload.body.length), [31415, 9, 2653, 58979]);
  },
  async cancel_after_begin({ client }) {
    const { call, done } = upload(client);
    call.cancel();
    code(await done, grpc.status.CANCELLED);
  },
  async cancel_after_first_response({ client }) {
    const call = client.fullDuplexCall(DEADLINE());
    const got = stream(call);
    const answer = got.next();
    call.write({ ...asks(31415), payload: payload(27182) });
    assert.equal((await answer).payload.body.length, 31415);
    call.cancel();
    assert.equal((await got.status).code, grpc.status.CANCELLED);
  },
  async timeout_on_sleeping_server({ client }) {
    const start = Date.now();
    const call = client.fullDuplexCall({ deadline: start + 100 });
    const got = stream(call);
    call.write({ responseParameters: [{ size: 1, intervalUs: 5000000 }], payload: payload(27182) });
    assert.equal((await got.status).code, grpc.status.DEADLINE_EXCEEDED);
    assert.ok(Date.now() - start < 4000);
  },
  async custom_metadata({ client }) {
    const metadata = new grpc.Metadata();
    metadata.set(INITIAL, "test_initial_metadata_value");
    metadata.set(TRAILING, Buffer.from("ababab", "hex"));
    const check = (headers, trailers) => {
      assert.deepEqual(headers.get(INITIAL), ["test_initial_metadata_value"]);
      assert.deepEqual(trailers.get(TRAILING), [Buffer.from("ababab", "hex")]);
      assert.deepEqual([headers.get(TRAILING), trailers.get(INITIAL)], [[], []]);
    };
    const got = await unary(client, "unaryCall", { responseSize: 314159, payload: payload(271828) }, metadata);
    code(got, OK);
    check(got.headers, got.status.metadata);
    const call = client.fullDuplexCall(metadata, DEADLINE());
    const both = stream(call);
    call.write({ ...asks(314159), payload: payload(271828) });
    call.end();
    const status = await both.status;
    assert.equal(status.code, OK);
    check(both.headers, status.metadata);
  },
  async status_code_and_message({ client }) {
    const responseStatus = { code: 2, message: "test status message" };
    const got = await unary(client, "unaryCall", { responseStatus });
    assert.deepEqual([got.status.code, got.status.details], [2, responseStatus.message]);
    const call = client.fullDuplexCall(DEADLINE());
    const both = stream(call);
    call.write({ responseStatus });
    call.end();
    const status = await both.status;
    assert.deepEqual([status.code, status.details], [2, responseStatus.message]);
  },
  async special_status_message({ client }) {
    const got = await unary(client, "unaryCall", { responseStatus: { code: 2, message: SPECIAL } });
    assert.deepEqual([got.status.code, got.status.details], [2, SPECIAL]);
  },
  async unimplemented_method({ client }) {
    code(await unary(client, "unimplementedCall", {}), grpc.status.UNIMPLEMENTED);
  },
  async unimplemented_service({ other }) {
    code(await unary(other, "unimplementedCall", {}), grpc.status.UNIMPLEMENTED);
  },
  async client_compressed_unary({ client, packing }) {
    const request = { expectCompressed: { value: true }, responseSize: 314159, payload: payload(271828) };
    code(await unary(client, "unaryCall", request), grpc.status.INVALID_ARGUMENT);
    const got = await unary(packing, "unaryCall", request);
    code(got, OK);
    assert.equal(got.answer.payload.body.length, 314159);
    code(await unary(client, "unaryCall", { ...request, expectCompressed: { value: false } }), OK);
  },
  async client_compressed_streaming({ client, packing }) {
    const probe = upload(client);
    probe.call.write({ expectCompressed: { value: true }, payload: payload(27182) });
    probe.call.end();
    code(await probe.done, grpc.status.INVALID_ARGUMENT);
    const { call, done } = upload(packing);
    call.write({ expectCompressed: { value: true }, payload: payload(27182) });
    call.write({ expectCompressed: { value: false }, payload: payload(45904) }, NO_COMPRESS);
    call.end();
    const got = await done;
    code(got, OK);
    assert.equal(got.answer.aggregatedPayloadSize, 73086);
  },
  async server_compressed_unary({ client }) {
    for (const value of [true, false]) {
      const got = await unary(client, "unaryCall", { responseCompressed: { value }, responseSize: 314159, payload: payload(271828) });
      code(got, OK);
      assert.equal(got.answer.payload.body.length, 314159);
    }
  },
  async server_compressed_streaming({ client }) {
    const got = stream(client.streamingOutputCall({ responseParameters: [
      { size: 31415, compressed: { value: true } }, { size: 92653, compressed: { value: false } }] }, DEADLINE()));
    assert.equal((await got.status).code, OK);
    assert.deepEqual(got.messages.map((m) => m.payload.body.length), [31415, 92653]);
  },
};

const certs = certificates();
for (const tls of [false, true]) {
  test(tls ? "over TLS" : "in clear text", async (t) => {
    const s = await server(BINARY, "0", ...(tls ? [certs.path("server.pem"), certs.path("server.key")] : []));
    t.after(async () => assert.equal(await s.stop(), 0));
    const address = `localhost:${s.port}`;
    const credentials = tls ? grpc.credentials.createSsl(certs.read("ca.pem")) : grpc.credentials.createInsecure();
    const clients = {
      client: new testing.TestService(address, credentials),
      other: new testing.UnimplementedService(address, credentials),
      packing: new testing.TestService(address, credentials, { "grpc.default_compression_algorithm": GZIP }),
    };
    for (const [name, ask] of Object.entries(CASES)) {
      await t.test(name, () => ask(clients));
    }
    Object.values(clients).forEach((c) => c.close());
  });
}
test.after(() => certs.remove());
