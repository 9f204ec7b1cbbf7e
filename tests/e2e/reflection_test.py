"""Can a client that comes without the contract find it? Both versions of reflection, by hand and by buf."""

import json
import subprocess

import grpc
import pytest
from conftest import ROOT, refused
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from strangers_test import CLIENTS, files, run

VERSIONS = ("v1", "v1alpha")
SERVED = {"salvo.v1.IssuanceService", "salvo.v1.RegistryService", "salvo.v1.VerificationService",
          "salvo.v1.FundingService", "salvo.v1.ProtectionService", "salvo.v1.LogService", "salvo.v1.KeyService",
          "salvo.v1.BoardingService", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}


class Reflection:
    """One version's stub; its messages come from the .proto file, without generated code."""

    def __init__(self, channel, version):
        name = f"grpc/reflection/{version}/reflection.proto"
        done = subprocess.run(["protoc", f"-I{ROOT}/rpc/proto", "--descriptor_set_out=/dev/stdout", name], check=True,
                              capture_output=True)
        pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(done.stdout).file:
            pool.Add(file)
        package = f"grpc.reflection.{version}"
        self.request, response = (message_factory.MessageFactory(pool).GetPrototype(
            pool.FindMessageTypeByName(f"{package}.ServerReflection{kind}")) for kind in ("Request", "Response"))
        self.info = channel.stream_stream(f"/{package}.ServerReflection/ServerReflectionInfo",
                                          request_serializer=self.request.SerializeToString,
                                          response_deserializer=response.FromString)

    def ask(self, *questions):
        return list(self.info(iter([self.request(host="here", **q) for q in questions]), timeout=20))

    def files(self, **question):
        (answer,) = self.ask(question)
        assert answer.WhichOneof("message_response") == "file_descriptor_response", answer
        return [descriptor_pb2.FileDescriptorProto.FromString(f)
                for f in answer.file_descriptor_response.file_descriptor_proto]

    def error(self, **question):
        (answer,) = self.ask(question)
        assert answer.WhichOneof("message_response") == "error_response", answer
        return answer.error_response.error_code


@pytest.fixture(params=VERSIONS)
def reflection(request, server):
    with server.channel("case") as channel:
        yield Reflection(channel, request.param)


def test_what_is_served_is_listed_and_nothing_else(reflection):
    (answer,) = reflection.ask({"list_services": ""})
    names = [s.name for s in answer.list_services_response.service]
    assert set(names) == SERVED and len(names) == len(SERVED)


def test_an_answer_repeats_its_question(reflection):
    (answer,) = reflection.ask({"file_containing_symbol": "no.such.Name"})
    assert answer.valid_host == "here"
    assert answer.original_request == reflection.request(host="here", file_containing_symbol="no.such.Name")


def test_every_listed_service_has_a_closure_that_loads(reflection):
    for name in SERVED:
        files_ = reflection.files(file_containing_symbol=name)
        names = [f.name for f in files_]
        assert len(set(names)) == len(names)
        assert all(d in names for f in files_ for d in f.dependency), names
        pool, left = descriptor_pool.DescriptorPool(), list(files_)
        while left:
            ready = [f for f in left if not {d for d in f.dependency} & {g.name for g in left}]
            assert ready
            for f in ready:
                pool.Add(f)
                left.remove(f)
        assert pool.FindServiceByName(name).methods


@pytest.mark.parametrize("symbol,file", [
    ("salvo.v1.IssuanceService", "salvo/v1/issuance.proto"),
    ("salvo.v1.IssuanceService.IssueDocument", "salvo/v1/issuance.proto"),
    ("salvo.v1.IssueDocumentRequest", "salvo/v1/issuance.proto"),
    ("salvo.v1.IssueDocumentRequest.request_id", "salvo/v1/issuance.proto"),
    ("salvo.v1.VerificationReport.Verdict", "salvo/v1/verification.proto"),
    ("salvo.v1.VerificationReport.VERDICT_VALID", "salvo/v1/verification.proto"),
    ("google.protobuf.Timestamp", "google/protobuf/timestamp.proto"),
    ("google.rpc.BadRequest.FieldViolation", "google/rpc/error_details.proto"),
    ("grpc.health.v1.HealthCheckResponse.ServingStatus", "grpc/health/v1/health.proto"),
    ("grpc.health.v1.HealthCheckResponse.NOT_SERVING", "grpc/health/v1/health.proto"),
])
def test_a_name_of_every_kind_leads_to_its_file(reflection, symbol, file):
    assert reflection.files(file_containing_symbol=symbol)[0].name == file


VERDICT = "salvo.v1.VerificationReport.Verdict"


@pytest.mark.parametrize("symbol", ["", ".", "salvo", "salvo.v1", "salvo.v1.", "." + VERDICT, VERDICT[:-1], VERDICT + "t",
                                    VERDICT + ".", VERDICT + ".VERDICT_VALID", "salvo.v1.IssuanceService.IssueDocument.x",
                                    "salvo.v1." + "a." * 10000 + "b"])
def test_a_name_that_is_nobodys_is_not_found(reflection, symbol):
    assert reflection.error(file_containing_symbol=symbol) == grpc.StatusCode.NOT_FOUND.value[0]


def test_a_file_comes_with_all_that_it_imports(reflection):
    names = [f.name for f in reflection.files(file_by_filename="salvo/v1/issuance.proto")]
    assert names[0] == "salvo/v1/issuance.proto"
    assert {"salvo/v1/document.proto", "google/protobuf/timestamp.proto"} <= set(names)
    assert reflection.error(file_by_filename="salvo/v1/issuance") == grpc.StatusCode.NOT_FOUND.value[0]


def test_there_are_no_extensions(reflection):
    not_found = grpc.StatusCode.NOT_FOUND.value[0]
    assert reflection.error(file_containing_extension={"containing_type": "salvo.v1.Document",
                                                       "extension_number": 1000}) == not_found
    (answer,) = reflection.ask({"all_extension_numbers_of_type": "salvo.v1.Document"})
    numbers = answer.all_extension_numbers_response
    assert answer.WhichOneof("message_response") == "all_extension_numbers_response"
    assert numbers.base_type_name == "salvo.v1.Document" and not numbers.extension_number
    assert reflection.error(all_extension_numbers_of_type="salvo.v1.VerificationReport.Verdict") == not_found
    assert reflection.error(all_extension_numbers_of_type="no.such.Message") == not_found


def test_no_question_is_an_invalid_one_and_the_stream_goes_on(reflection):
    answers = reflection.ask({}, {"list_services": "*"}, {"file_by_filename": ""}, *[{"list_services": ""}] * 200)
    assert answers[0].error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert len(answers) == 203 and len(answers[-1].list_services_response.service) == len(SERVED)


@pytest.mark.parametrize("version", VERSIONS)
def test_reflection_is_for_peers_alone(server, version):
    with server.channel(None) as channel:
        refused(lambda: Reflection(channel, version).ask({"list_services": ""}), "UNAUTHENTICATED",
                "CLIENT_CERTIFICATE_REQUIRED")


def buf_curl(server, role, *arguments):
    ca, cert, key = files(server, role)
    done = run(CLIENTS / "node_modules/.bin/buf", "curl", "--protocol", "grpc", "--cacert", ca, "--cert", cert, "--key",
               key, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_buf_lists_services_and_methods(server, version):
    base = ("--reflect-protocol", f"grpc-{version}", f"https://localhost:{server.port}")
    assert set(buf_curl(server, "case", "--list-services", *base).split()) == SERVED
    methods = buf_curl(server, "case", "--list-methods", *base).split()
    assert "salvo.v1.IssuanceService/IssueDocument" in methods
    assert f"grpc.reflection.{version}.ServerReflection/ServerReflectionInfo" in methods


@pytest.mark.parametrize("version", VERSIONS)
def test_buf_calls_without_a_schema(server, documents, version):
    _, issued = documents["safe-conduct"]
    answer = json.loads(buf_curl(server, "case", "--reflect-protocol", f"grpc-{version}", "--data",
                                 json.dumps({"number": issued.document.number}),
                                 f"https://localhost:{server.port}/salvo.v1.RegistryService/GetDocument"))
    assert answer["document"]["number"] == issued.document.number
