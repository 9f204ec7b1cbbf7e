"""What the tests of the wire share: the echo server as a process, certificates, and stubs without generated code."""
import importlib.util
import os
import subprocess
import tempfile
import threading

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))


def make_proto(out):
    subprocess.run(["protoc", "-I", HERE, "-I", "/usr/include", "--python_out=" + out, HERE + "/echo.proto"],
                   check=True)
    subprocess.run(["protoc", "-I", HERE + "/../../rpc/proto", "-I", "/usr/include", "--python_out=" + out,
                    "google/rpc/status.proto", "google/rpc/error_details.proto", "grpc/health/v1/health.proto"],
                   check=True)


def load(out, module):
    """What was made of this tree, whatever else is installed under that name."""
    spec = importlib.util.spec_from_file_location(module.replace("/", "_"), os.path.join(out, module + ".py"))
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


# loaded whole and gone at once: nothing stays behind when the tests are killed
with tempfile.TemporaryDirectory(prefix="echo_proto.") as made:
    make_proto(made)
    echo = load(made, "echo_pb2")
    status_pb2 = load(made, "google/rpc/status_pb2")
    details_pb2 = load(made, "google/rpc/error_details_pb2")
    health_pb2 = load(made, "grpc/health/v1/health_pb2")


class Server:
    def __init__(self, binary, *args):
        self.process = subprocess.Popen([binary, *args], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.doors = []
        while line and not line.startswith("port "):
            if line.startswith("door "):
                self.doors.append(int(line.split()[1]))
            line = self.process.stdout.readline()
        if not line:
            self.process.wait(30)
            self.process.stdout.close()
            raise RuntimeError("echo-server did not start")
        self.port = int(line.split()[1])
        self.lines = []
        self.reader = threading.Thread(target=self.read)  # a full pipe would block the server
        self.reader.start()
        self.address = "127.0.0.1:%d" % self.port

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def stop(self):
        """Asks it to stop; returns (exit status, log lines)."""
        self.process.terminate()
        code = self.process.wait(30)
        self.reader.join()
        self.process.stdout.close()
        return code, self.lines


class Stub:
    def __init__(self, channel):
        def method(kind, name, request=echo.EchoRequest, response=echo.EchoResponse, service="test.v1.EchoService"):
            return getattr(channel, kind)("/%s/%s" % (service, name), request_serializer=request.SerializeToString,
                                          response_deserializer=response.FromString)
        self.unary = method("unary_unary", "Unary")
        self.server_stream = method("unary_stream", "ServerStream")
        self.client_stream = method("stream_unary", "ClientStream")
        self.bidi = method("stream_stream", "Bidi")
        self.fail = method("unary_unary", "Fail")
        self.sleep = method("unary_unary", "Sleep")
        self.watch = method("unary_stream", "Watch")
        self.slept = method("unary_unary", "Slept")
        self.nothing = method("unary_unary", "Nothing")
        self.unary_as_stream = method("stream_unary", "Unary")
        health = "grpc.health.v1.Health"
        req, res = health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse
        self.check = method("unary_unary", "Check", req, res, health)
        self.health_watch = method("unary_stream", "Watch", req, res, health)


def openssl(*args, **kw):
    subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kw)


class Certificates:
    """A throw-away authority, a server, and clients good and bad, in a folder that goes with the test."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="echo_tls.")
        self.make_ca("ca")
        self.make_ca("other-ca")
        self.make("server", "ca", "DNS:localhost,IP:127.0.0.1")
        uri = "URI:spiffe://uto.example/authority/A1/"
        self.make("officer", "ca", uri + "officer/7")
        self.make("system", "ca", uri + "system/gate-1")
        self.make("two-uris", "ca", uri + "officer/7," + uri + "officer/8")
        self.make("no-uri", "ca", "DNS:officer.example")
        self.make("bad-path", "ca", "URI:spiffe://uto.example/officer/7")
        self.make("stranger", "other-ca", uri + "officer/7")
        self.make("expired", "ca", uri + "officer/7", days="-1")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def make_ca(self, name):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=test " + name, "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem"))

    def make(self, name, ca, san, days="30"):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name,
                "-keyout", self.path(name + ".key"), "-out", self.path(name + ".csr"))
        with open(self.path("ext"), "w") as f:
            f.write("subjectAltName=%s\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n" % san)
        openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path(ca + ".pem"), "-CAkey",
                self.path(ca + ".key"), "-CAcreateserial", "-days", days, "-extfile", self.path("ext"), "-out",
                self.path(name + ".pem"))

    def make_brief(self, name, ca, uri, seconds):
        """A certificate that ends in a few seconds."""
        import datetime
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        issuer = x509.load_pem_x509_certificate(self.read(ca + ".pem"))
        issuer_key = serialization.load_pem_private_key(self.read(ca + ".key"), None)
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.utcnow()
        cert = (x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(issuer.subject)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(minutes=1))
                .not_valid_after(now + datetime.timedelta(seconds=seconds))
                .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), True)
                .sign(issuer_key, hashes.SHA256()))
        with open(self.path(name + ".pem"), "wb") as f:
            f.write(cert.public_bytes(serialization.Encoding.PEM))
        with open(self.path(name + ".key"), "wb") as f:
            f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()))

    def channel(self, address, client=None, options=()):
        if client:
            credentials = grpc.ssl_channel_credentials(self.read("ca.pem"), self.read(client + ".key"),
                                                       self.read(client + ".pem"))
        else:
            credentials = grpc.ssl_channel_credentials(self.read("ca.pem"))
        return grpc.secure_channel(address, credentials, [("grpc.ssl_target_name_override", "localhost"), *options])
