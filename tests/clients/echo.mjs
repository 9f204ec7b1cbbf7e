// Can gRPC's own JavaScript client use the wire?   node echo.mjs ECHO-SERVER
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const here = dirname(fileURLToPath(import.meta.url));
const binary = process.argv[2];
const { test } = grpc.loadPackageDefinition(
  loader.loadSync(join(here, "../rpc/echo.proto"), { longs: Number, defaults: true, includeDirs: ["/usr/include"] }));
const Echo = test.v1.EchoService;

function start(...args) {
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve, reject) => {
    child.on("exit", () => reject(new Error("echo-server ended")));
    let text = "";
    child.stdout.on("data", (d) => {
      text += d;
      const port = /^port (\d+)$/m.exec(text);
      if (port) resolve({ child, address: `localhost:${port[1]}` });
    });
  });
}

const ended = ({ child }) => new Promise((resolve) => { child.on("exit", resolve); child.kill("SIGTERM"); });
const unary = (client, method, request, options = {}) => new Promise((resolve, reject) =>
  client[method](request, new grpc.Metadata(), options, (e, answer) => (e ? reject(e) : resolve(answer))));
const collect = (stream) => new Promise((resolve, reject) => {
  const all = [];
  stream.on("data", (m) => all.push(m)).on("error", reject).on("end", () => resolve(all));
});
const code = async (promise) => { try { await promise; return 0; } catch (e) { return e.code; } };

async function questions(client, address, credentials) {
  assert.equal((await unary(client, "Unary", { text: "h\u00f4tel" })).text, "h\u00f4tel");
  const data = Buffer.alloc(3_000_000, 7);
  assert.ok((await unary(client, "Unary", { data })).data.equals(data));

  const answers = await collect(client.ServerStream({ count: 200, size: 50_000 }));
  assert.deepEqual(answers.map((a) => a.count), [...Array(200).keys()]);

  const counted = await new Promise((resolve, reject) => {
    const call = client.ClientStream((e, answer) => (e ? reject(e) : resolve(answer)));
    for (let i = 0; i < 100; i++) call.write({ data: Buffer.alloc(50_000) });
    call.end();
  });
  assert.deepEqual([counted.count, counted.size], [100, 5_000_000]);

  const talk = client.Bidi();
  const heard = collect(talk);
  for (let i = 0; i < 200; i++) talk.write({ text: String(i) });
  talk.end();
  assert.equal((await heard).length, 200);

  assert.equal(await code(unary(client, "Unary", { data: Buffer.alloc(4_500_000) })), grpc.status.RESOURCE_EXHAUSTED);
  assert.equal(await code(unary(client, "Sleep", { millis: 10_000 }, { deadline: Date.now() + 300 })),
               grpc.status.DEADLINE_EXCEEDED);

  const cancelled = client.Sleep({ millis: 10_000 }, () => {});
  cancelled.on("error", () => {});
  await new Promise((r) => setTimeout(r, 100));
  cancelled.cancel();

  const fault = await unary(client, "Fail", { reason: "HOLD" }).then(() => null, (e) => e);
  assert.equal(fault.code, grpc.status.FAILED_PRECONDITION);
  assert.equal(fault.details, "HOLD: call the duty protection officer");
  assert.ok(fault.metadata.get("grpc-status-details-bin")[0].includes("type.googleapis.com/google.rpc.ErrorInfo"));

  const Missing = grpc.makeGenericClientConstructor({ nothing: { ...Echo.service.Unary, path: "/test.v1.EchoService/No" } });
  const missing = new Missing(address, credentials);
  assert.equal(await code(unary(missing, "nothing", {})), grpc.status.UNIMPLEMENTED);
  missing.close();
}

function certificates() {
  const dir = mkdtempSync(join(tmpdir(), "echo_js."));
  const openssl = (...args) => execFileSync("openssl", args, { cwd: dir, stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-days", "30", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem");
  const leaf = (name, san) => {
    writeFileSync(join(dir, "ext"), `subjectAltName=${san}\nbasicConstraints=CA:FALSE\n`);
    openssl("req", ...key, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    openssl("x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
            "-extfile", "ext", "-out", `${name}.pem`);
  };
  leaf("server", "DNS:localhost");
  leaf("officer", "URI:spiffe://uto.example/authority/A1/officer/7");
  return { path: (f) => join(dir, f), read: (f) => readFileSync(join(dir, f)), remove: () => rmSync(dir, { recursive: true }) };
}

const clear = await start("--quiet");
const insecure = grpc.credentials.createInsecure();
const plain = new Echo(clear.address, insecure, { "grpc.max_send_message_length": -1 });
await questions(plain, clear.address, insecure);
plain.close();
assert.equal(await ended(clear), 0);

const certs = certificates();
const tls = await start("--quiet", "--tls", certs.path("server.pem"), certs.path("server.key"), "--client-ca",
                        certs.path("ca.pem"), "--require-peer");
const credentials = grpc.credentials.createSsl(certs.read("ca.pem"), certs.read("officer.key"), certs.read("officer.pem"));
const secure = new Echo(tls.address, credentials, { "grpc.max_send_message_length": -1 });
await questions(secure, tls.address, credentials);
assert.equal((await unary(secure, "Unary", {})).peer, "spiffe://uto.example/authority/A1/officer/7");
secure.close();
const anonymous = new Echo(tls.address, grpc.credentials.createSsl(certs.read("ca.pem")));
assert.equal(await code(unary(anonymous, "Unary", {})), grpc.status.UNAUTHENTICATED);
anonymous.close();
assert.equal(await ended(tls), 0);
certs.remove();
console.log("ok");
process.exit(0);
