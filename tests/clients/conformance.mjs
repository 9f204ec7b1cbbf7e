// Does a server of this layer pass what the Connect conformance suite asks?   conformance.mjs CONFORMANCE-SERVER
// Every kind of call x {connect, grpc, grpc-web} x {proto, json} x {identity, gzip} x {clear, TLS}, in families of cases as
// the suite has them, by connect-node and, where a client can't be made to say it, by hand.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { create, createRegistry, equals, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { PROTOCOLS, TESTS, byHand, certificates, frame, schema, stop, transport } from "./wire.mjs";

const BINARY = process.argv[2];
const PACKAGE = "connectrpc.conformance.v1";
const PATH = `/${PACKAGE}.ConformanceService/`;
const files = schema(`${TESTS}/conformance`, `connectrpc/conformance/v1/service.proto`,
  `connectrpc/conformance/v1/server_compat.proto`);
const type = (name) => files.getMessage(`${PACKAGE}.${name}`);
const service = files.getService(`${PACKAGE}.ConformanceService`);
const registry = createRegistry(...[...files].filter((d) => d.kind === "message"));
const certs = certificates();
const LIMIT = 200 * 1024;
const DATA = Buffer.from("test response");
const KINDS = ["unary", "client-stream", "server-stream", "half-duplex", "full-duplex"];

async function start({ tls = false, clients = false } = {}) {
  const wish = create(type("ServerCompatRequest"), {
    protocol: 1, httpVersion: 2, useTls: tls, messageReceiveLimit: LIMIT,
    clientTlsCert: clients ? certs.read("ca.pem") : new Uint8Array(),
    serverCreds: tls ? create(type("TLSCreds"), { cert: certs.read("server.pem"), key: certs.read("server.key") }) : undefined,
  });
  const bytes = toBinary(type("ServerCompatRequest"), wish);
  const child = spawn(BINARY, { stdio: ["pipe", "pipe", "inherit"] });
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(bytes.length);
  child.stdin.write(Buffer.concat([prefix, bytes]));
  const answer = await new Promise((resolve, reject) => {
    let all = Buffer.alloc(0);
    child.stdout.on("data", (d) => {
      all = Buffer.concat([all, d]);
      if (all.length >= 4 && all.length >= 4 + all.readUInt32BE(0)) {
        resolve(fromBinary(type("ServerCompatResponse"), all.subarray(4, 4 + all.readUInt32BE(0))));
      }
    });
    child.on("exit", () => reject(new Error("the server did not start")));
  });
  assert.equal(answer.host, "127.0.0.1");
  assert.equal(Buffer.from(answer.pemCert).equals(tls ? certs.read("server.pem") : Buffer.alloc(0)), true);
  return { port: answer.port, child };
}

// --- one call, and what came of it ---

const header = (name, ...value) => create(type("Header"), { name, value });
const asAny = (name, message) => anyPack(type(name), message);

function requestsOf(kind, definition, more) {
  const unary = kind === "unary" || kind === "client-stream";
  const name = { unary: "Unary", "client-stream": "ClientStream", "server-stream": "ServerStream" }[kind] ?? "BidiStream";
  const d = definition && create(type(unary ? "UnaryResponseDefinition" : "StreamResponseDefinition"), definition);
  const first = { responseDefinition: d, ...(kind === "full-duplex" ? { fullDuplex: true } : {}) };
  const list = [create(type(name + "Request"), first)];
  if (kind !== "unary" && kind !== "server-stream") {
    for (const requestData of more) {
      list.push(create(type(name + "Request"), { requestData }));
    }
  }
  return { name: name + "Request", list };
}

async function call(client, kind, requests, options) {
  const result = { payloads: [], headers: new Headers(), trailers: new Headers(), error: null };
  const o = { ...options, onHeader: (h) => { result.headers = h; }, onTrailer: (t) => { result.trailers = t; } };
  async function* stream() {
    for (const r of requests) {
      yield r;
    }
  }
  try {
    if (kind === "unary") {
      result.payloads.push((await client.unary(requests[0], o)).payload);
    } else if (kind === "idempotent") {
      result.payloads.push((await client.idempotentUnary(requests[0], o)).payload);
    } else if (kind === "client-stream") {
      result.payloads.push((await client.clientStream(stream(), o)).payload);
    } else {
      const answers = kind === "server-stream" ? client.serverStream(requests[0], o) : client.bidiStream(stream(), o);
      for await (const a of answers) {
        result.payloads.push(a.payload);
      }
    }
  } catch (e) {
    result.error = ConnectError.from(e);
  }
  return result;
}

const values = (text) => (text ?? "").split(",").map((v) => v.trim());

function checkInfo(info, requests, name, { sent, timeoutMs }) {
  if (sent) {
    const seen = Object.fromEntries(info.requestHeaders.map((h) => [h.name, h.value]));
    assert.deepEqual(seen["x-conformance-test"]?.flatMap(values), sent);
  }
  if (timeoutMs) {
    assert.equal(info.timeout.case, "timeoutMs");
    assert.ok(info.timeout.value <= timeoutMs && info.timeout.value > timeoutMs - 500, String(info.timeout.value));
  } else {
    assert.equal(info.timeout.case, undefined);
  }
  assert.equal(info.requests.length, requests.length);
  info.requests.forEach((any, i) => assert.ok(equals(type(name), anyUnpack(any, registry), requests[i])));
}

// What the suite would expect of a definition, and whether it came.
function check(kind, got, definition, requests, name, extra = {}) {
  const unary = kind === "unary" || kind === "client-stream" || kind === "idempotent";
  const error = unary ? (definition?.response?.case === "error" ? definition.response.value : null) : definition?.error;
  const data = unary ? (error ? [] : [definition?.response?.value ?? new Uint8Array()]) : definition?.responseData ?? [];
  assert.equal(got.payloads.length, data.length, got.error?.message);
  data.forEach((d, i) => assert.ok(Buffer.from(d).equals(got.payloads[i].data)));
  if (data.length > 0) {
    checkInfo(got.payloads[0].requestInfo, kind === "full-duplex" ? requests.slice(0, 1) : requests, name, extra);
  }
  for (let i = 1; kind === "full-duplex" && i < Math.min(data.length, requests.length); i++) {
    checkInfo(got.payloads[i].requestInfo, [requests[i]], name, {});
  }
  if (!error) {
    assert.equal(got.error, null);
  } else {
    assert.equal(got.error?.code, error.code);
    if (error.text?.case) {
      assert.equal(got.error.rawMessage, error.text.value);
    }
    const details = got.error.details.map((d) => d.type);
    assert.deepEqual(details.slice(0, error.details?.length ?? 0), (error.details ?? []).map((a) => a.typeUrl.split("/")[1]));
    assert.equal(details.length, (error.details?.length ?? 0) + (data.length === 0 ? 1 : 0));
    if (data.length === 0) {
      const info = fromBinary(type("ConformancePayload.RequestInfo"), got.error.details.at(-1).value);
      checkInfo(info, kind === "full-duplex" ? requests.slice(0, 1) : requests, name, extra);
    }
  }
  const seen = (name) => [got.headers, got.trailers, got.error?.metadata ?? new Headers()]
    .map((h) => h.get(name)).find((v) => v !== null);
  for (const h of [...(definition?.responseHeaders ?? []), ...(definition?.responseTrailers ?? [])]) {
    assert.deepEqual(values(seen(h.name)), h.value, h.name);
  }
  if (!error) { /* apart from one another */
    for (const h of definition?.responseHeaders ?? []) {
      assert.deepEqual(values(got.headers.get(h.name)), h.value);
    }
    for (const h of definition?.responseTrailers ?? []) {
      assert.deepEqual(values(got.trailers.get(h.name)), h.value);
    }
  }
}

const META = { responseHeaders: [header("x-custom-header", "foo", "bar", "baz")],
  responseTrailers: [header("x-custom-trailer", "bing", "quux")] };
const definitionOf = (kind, { data = [DATA, DATA], error, meta = META, delayMs = 0 } = {}) =>
  kind === "unary" || kind === "client-stream" || kind === "idempotent"
    ? { ...meta, responseDelayMs: delayMs,
        response: error ? { case: "error", value: create(type("Error"), error) } : { case: "responseData", value: data[0] } }
    : { ...meta, responseDelayMs: delayMs, responseData: data, error: error && create(type("Error"), error) };

async function ask(client, kind, options, extra = {}) {
  const definition = options === null ? undefined : definitionOf(kind, options);
  const { name, list } = requestsOf(kind, definition, [Buffer.from("more")]);
  const headers = new Headers([["x-conformance-test", "Value1"], ["x-conformance-test", "Value2"]]);
  const got = await call(client, kind, list, { headers, timeoutMs: extra.timeoutMs });
  check(kind, got, definition, list, name, { sent: ["Value1", "Value2"], ...extra });
}

// --- the families ---

const FAMILIES = {
  "basic": async (client) => {
    for (const kind of KINDS) {
      await ask(client, kind, {});
      await ask(client, kind, { meta: {} });
      if (kind !== "unary" && kind !== "client-stream") {
        await ask(client, kind, { data: [] });
      }
    }
    await assert.rejects(client.unimplemented({}), { code: Code.Unimplemented });
  },
  "errors": async (client) => {
    const details = [asAny("Header", header("one", "1")), asAny("Header", header("two", "2"))];
    for (const kind of KINDS) {
      for (let code = 1; code <= 16; code++) {
        await ask(client, kind, { error: { code }, data: [] });
      }
      for (const value of ["failed", "50% of \u00e9t\u00e9 \u4e2d\u6587 \u{1f600}", "line\nbreak\ttab \"quoted\" \\"]) {
        await ask(client, kind, { error: { code: 13, text: { case: "message", value }, details }, data: [] });
        if (kind !== "unary" && kind !== "client-stream") {
          await ask(client, kind, { error: { code: 9, text: { case: "message", value }, details } });
        }
      }
    }
  },
  "empty requests": async (client) => {
    for (const kind of KINDS) {
      const { name, list } = requestsOf(kind === "full-duplex" ? "half-duplex" : kind, undefined, []);
      check(kind === "full-duplex" ? "half-duplex" : kind, await call(client, kind, list, {}), undefined, list, name);
    }
  },
  "deadlines reach the handler": async (client) => {
    for (const kind of KINDS) {
      await ask(client, kind, {}, { timeoutMs: 5000 });
    }
  },
  "deadlines end the call": async (client) => {
    await Promise.all(KINDS.map(async (kind) => {
      const { list } = requestsOf(kind, definitionOf(kind, { delayMs: 1000 }), []);
      const got = await call(client, kind, list, { timeoutMs: 100 });
      assert.equal(got.error?.code, Code.DeadlineExceeded);
    }));
  },
  "sizes": async (client) => {
    const name = { unary: "Unary", "client-stream": "ClientStream", "server-stream": "ServerStream" };
    for (const kind of KINDS) {
      const schema_ = type((name[kind] ?? "BidiStream") + "Request");
      const sized = (n) => {
        const first = requestsOf(kind, definitionOf(kind, { data: [DATA] }), []).list[0];
        first.requestData = new Uint8Array(n - toBinary(schema_, first).length - 4).fill(7);
        return first;
      };
      assert.equal(toBinary(schema_, sized(LIMIT)).length, LIMIT);
      assert.equal((await call(client, kind, [sized(LIMIT)], {})).error, null);
      const got = await call(client, kind, [sized(LIMIT + 10)], {});
      assert.equal(got.error?.code, Code.ResourceExhausted, kind);
      assert.equal(got.error.details.length, 0);
    }
  },
};

const SERVERS = { clear: await start(), tls: await start({ tls: true }) };
const TLS = { ca: certs.read("ca.pem") };

for (const [place, { port }] of Object.entries(SERVERS)) {
  for (const protocol of PROTOCOLS) {
    for (const json of [false, true]) {
      for (const gzip of [false, true]) {
        test(`${protocol}, ${json ? "json" : "proto"}, ${gzip ? "gzip" : "identity"}, ${place}`, async (t) => {
          const tls = place === "tls" ? TLS : null;
          const client = createClient(service, transport(protocol, { port, json: json && registry, gzip, tls }));
          for (const [name, family] of Object.entries(FAMILIES)) {
            if (name !== "sizes" || !json) {
              await t.test(name, () => family(client));
            }
          }
        });
      }
    }
  }
}

test("GET of a method without side effects", async () => {
  for (const json of [false, true]) {
    for (const gzip of [false, true]) {
      const client = createClient(service, transport("connect", { port: SERVERS.clear.port, json: json && registry, gzip, get: true }));
      const definition = definitionOf("idempotent");
      const list = [create(type("IdempotentUnaryRequest"),
        { responseDefinition: create(type("UnaryResponseDefinition"), definition), requestData: Buffer.from("\u00ff &=%") })];
      const got = await call(client, "idempotent", list, { headers: { "x-conformance-test": "Value1,Value2" } });
      check("idempotent", got, definition, list, "IdempotentUnaryRequest", { sent: ["Value1", "Value2"] });
      const query = Object.fromEntries(got.payloads[0].requestInfo.connectGetInfo.queryParams.map((h) => [h.name, h.value[0]]));
      assert.equal(query.connect, "v1");
      assert.equal(query.encoding, json ? "json" : "proto");
    }
  }
});

test("a client's certificate is asked for, and has to verify", async () => {
  const { port, child } = await start({ tls: true, clients: true });
  for (const protocol of PROTOCOLS) {
    const with_ = (name) => createClient(service, transport(protocol, { port,
      tls: { ...TLS, ...(name ? { cert: certs.read(`${name}.pem`), key: certs.read(`${name}.key`) } : {}) } }));
    await ask(with_("client"), "client-stream", {});
    for (const name of [null, "stranger"]) {
      await assert.rejects(with_(name).unary({}), { code: Code.Unauthenticated });
    }
  }
  assert.equal(await stop(child), 0);
});

// --- what no client says ---

const EMPTY = Buffer.alloc(0);
const TWO = Buffer.concat([frame(EMPTY), frame(EMPTY)]);
const UNEXPECTED = [
  // path, content-type, body, other headers, HTTP status, then where the code is and which
  ["Unary", "image/jpeg", Buffer.from("12345678"), {}, 415],
  ["Unary", "application/grpc+proto", undefined, { te: "trailers" }, 200, "trailers", "12"],
  ["Unary", "application/grpc+proto", TWO, { te: "trailers" }, 200, "trailers", "12"],
  ["ServerStream", "application/grpc", EMPTY, { te: "trailers" }, 200, "trailers", "12"],
  ["ServerStream", "application/grpc", TWO, { te: "trailers" }, 200, "trailers", "12"],
  ["Unknown", "application/grpc", frame(EMPTY), { te: "trailers" }, 200, "trailers", "12"],
  ["Unary", "application/grpc+foo", frame(EMPTY), { te: "trailers" }, 200, "trailers", "12"],
  ["Unary", "application/grpc", frame(EMPTY), { "grpc-encoding": "foo" }, 200, "trailers", "12"],
  ["Unary", "application/grpc", frame(EMPTY, 1), { "grpc-encoding": "identity" }, 200, "trailers", "13"],
  ["Unary", "application/grpc", frame(EMPTY), { ":method": "DELETE" }, 405],
  ["Unary", "application/grpc-web+proto", undefined, {}, 200, "web", "12"],
  ["Unary", "application/grpc-web", TWO, {}, 200, "web", "12"],
  ["ServerStream", "application/grpc-web", EMPTY, {}, 200, "web", "12"],
  ["ServerStream", "application/grpc-web", TWO, {}, 200, "web", "12"],
  ["Unknown", "application/grpc-web", frame(EMPTY), {}, 200, "web", "12"],
  ["Unary", "application/grpc-web+foo", frame(EMPTY), {}, 200, "web", "12"],
  ["Unary", "application/grpc-web", frame(EMPTY), { "grpc-encoding": "foo" }, 200, "web", "12"],
  ["Unary", "application/grpc-web", frame(EMPTY, 1), {}, 200, "web", "13"],
  ["Unary", "application/grpc-web", frame(EMPTY), {}, 200, "web", "0"],
  ["Unary", "application/grpc-web+proto", frame(EMPTY), {}, 200, "web", "0"],
  ["ServerStream", "application/connect+proto", undefined, {}, 200, "end", "unimplemented"],
  ["ServerStream", "application/connect+proto", TWO, {}, 200, "end", "unimplemented"],
  ["ServerStream", "application/connect+proto", frame(EMPTY, 1), { "connect-content-encoding": "identity" }, 200, "end", "internal"],
  ["ServerStream", "application/connect+proto", frame(EMPTY), { "connect-content-encoding": "foo" }, 200, "end", "unimplemented"],
  ["ServerStream", "application/proto", EMPTY, {}, 415],
  ["Unary", "application/connect+proto", frame(EMPTY), {}, 415],
  ["Unary", "application/proto", EMPTY, { ":method": "DELETE" }, 405],
  ["Unknown", "application/proto", EMPTY, {}, 404],
  ["Unary", "application/foo", EMPTY, {}, 415],
  ["Unary", "application/proto", EMPTY, { "content-encoding": "foo" }, 501, "json", "unimplemented"],
  ["Unary", "application/proto", Buffer.from([0xff]), {}, 500, "json", "internal"],
  ["Unary", "application/json", Buffer.from("{"), {}, 400, "json", "invalid_argument"],
  ["Unary", "application/json; charset=utf-8", Buffer.from("{}"), {}, 200],
  ["Unary", "application/proto", EMPTY, {}, 200],
  ["Unary", "application/proto", EMPTY, { "connect-timeout-ms": "12345678901" }, 400, "json", "invalid_argument"],
  ["Unary", "application/proto", EMPTY, { "connect-timeout-ms": "0" }, 504, "json", "deadline_exceeded"],
  ["Unary", "application/proto", EMPTY, { "connect-protocol-version": "2" }, 400, "json", "invalid_argument"],
  ["Unary", undefined, undefined, { ":method": "GET" }, 405],
  ["IdempotentUnary?encoding=proto&message=", undefined, undefined, { ":method": "GET" }, 200],
  ["IdempotentUnary?encoding=json&message=%7B%7D", undefined, undefined, { ":method": "GET" }, 200],
  ["IdempotentUnary?encoding=json&message=e30&base64=1", undefined, undefined, { ":method": "GET" }, 200],
  ["IdempotentUnary?encoding=json&message=%7B", undefined, undefined, { ":method": "GET" }, 400, "json", "invalid_argument"],
  ["IdempotentUnary?encoding=foo&message=", undefined, undefined, { ":method": "GET" }, 415],
  ["IdempotentUnary?encoding=json&message=%7", undefined, undefined, { ":method": "GET" }, 415],
  ["IdempotentUnary?encoding=json", undefined, undefined, { ":method": "GET" }, 415],
  ["IdempotentUnary?encoding=proto&message=&connect=v2", undefined, undefined, { ":method": "GET" }, 400, "json", "invalid_argument"],
  ["Unary?encoding=proto&message=", undefined, undefined, { ":method": "GET" }, 405],
];

// The status of an answer, wherever its protocol has it.
function codeOf(where, answer) {
  if (where === "trailers") {
    return answer.trailers["grpc-status"] ?? answer.headers["grpc-status"];
  }
  if (where === "json") {
    assert.equal(answer.headers["content-type"], "application/json");
    return JSON.parse(answer.body).code;
  }
  let last, flag;
  for (let at = 0; at < answer.body.length; at += 5 + answer.body.readUInt32BE(at + 1)) {
    flag = answer.body[at];
    last = answer.body.subarray(at + 5, at + 5 + answer.body.readUInt32BE(at + 1));
  }
  assert.equal(flag, where === "web" ? 0x80 : 2);
  assert.deepEqual(answer.trailers, {});
  return where === "web" ? String(last).match(/^grpc-status: (\d+)\r\n/m)[1] : JSON.parse(last).error?.code;
}

for (const [path, contentType, body, more, status, where, code] of UNEXPECTED) {
  test(`by hand: ${path} ${contentType} ${body?.length ?? "no"} bytes ${JSON.stringify(more)}`, async () => {
    const headers = { ":path": PATH + path, ...(contentType ? { "content-type": contentType } : {}), ...more };
    const answer = await byHand(SERVERS.clear.port, headers, body);
    assert.equal(answer.status, status);
    if (where) {
      assert.equal(codeOf(where, answer), code);
    }
  });
}

test("codes of unary Connect calls are HTTP statuses", async () => {
  const statuses = [0, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];
  for (let code = 1; code <= 16; code++) {
    const body = toBinary(type("UnaryRequest"), requestsOf("unary", definitionOf("unary", { error: { code } }), []).list[0]);
    const answer = await byHand(SERVERS.clear.port, { ":path": PATH + "Unary", "content-type": "application/proto" }, Buffer.from(body));
    assert.equal(answer.status, statuses[code]);
    assert.equal(answer.headers["trailer-x-custom-trailer"], "bing, quux");
  }
});

test("grpc-web-text is base64 both ways, in any portions", async () => {
  const text = frame(EMPTY).toString("base64");
  const answer = await byHand(SERVERS.clear.port, { ":path": PATH + "Unary", "content-type": "application/grpc-web-text" }, Buffer.from(text));
  assert.equal(answer.headers["content-type"], "application/grpc-web-text");
  const bytes = Buffer.concat(String(answer.body).split(/(?<==)(?!=)/).map((part) => Buffer.from(part, "base64")));
  assert.equal(codeOf("web", { body: bytes, trailers: answer.trailers }), "0");
  const broken = await byHand(SERVERS.clear.port, { ":path": PATH + "Unary", "content-type": "application/grpc-web-text" }, Buffer.from("AA*A"));
  const end = Buffer.concat(String(broken.body).split(/(?<==)(?!=)/).map((part) => Buffer.from(part, "base64")));
  assert.equal(codeOf("web", { body: end, trailers: {} }), "13");
});

test.after(async () => {
  for (const { child } of Object.values(SERVERS)) {
    assert.equal(await stop(child), 0);
  }
  certs.remove();
});
