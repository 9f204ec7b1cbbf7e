#!/usr/bin/env python3
"""Issues a request of protobuf JSON and writes the PDF: python3-grpcio, mutual TLS.

    issue.py SERVER CA CERT KEY REQUEST.json OUT.pdf

Needs python3-grpcio and python3-grpc-tools; the stubs are made from rpc/proto when it starts."""

import os
import pathlib
import sys
import tempfile

import grpc
from google.protobuf import json_format
from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "rpc" / "proto"


def stubs(out):
    files = [str(p) for p in (PROTO / "salvo/v1").glob("*.proto")] + [str(PROTO / "google/rpc/status.proto"),
                                                                       str(PROTO / "google/rpc/error_details.proto")]
    if protoc.main(["protoc", f"-I{PROTO}", "-I/usr/include", f"--python_out={out}", f"--grpc_python_out={out}", *files]):
        sys.exit("the stubs could not be made")
    sys.path.insert(0, out)
    import google
    google.__path__.append(os.path.join(out, "google"))


def explain(error):
    """The reason and every field at fault, as the server gave them."""
    from google.rpc import error_details_pb2, status_pb2
    print(f"{error.code().name}: {error.details()}", file=sys.stderr)
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for any_ in status_pb2.Status.FromString(value).details:
                for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest,
                             error_details_pb2.PreconditionFailure):
                    message = kind()
                    if any_.Unpack(message):
                        print(message, file=sys.stderr)


def main():
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    server, ca, cert, key, request_file, out_file = sys.argv[1:]
    with tempfile.TemporaryDirectory() as out:
        stubs(out)
        from salvo.v1 import issuance_pb2, issuance_pb2_grpc
        read = lambda path: pathlib.Path(path).read_bytes()
        credentials = grpc.ssl_channel_credentials(read(ca), read(key), read(cert))
        request = json_format.Parse(read(request_file), issuance_pb2.IssueDocumentRequest())
        with grpc.secure_channel(server, credentials) as channel:
            try:
                answer = issuance_pb2_grpc.IssuanceServiceStub(channel).IssueDocument(request, timeout=30)
            except grpc.RpcError as error:
                explain(error)
                sys.exit(1)
        if answer.document.state == answer.document.STATE_PENDING_APPROVAL:
            sys.exit(print(answer.document.number, "awaits other officers; then the same request gives the file"))
        pathlib.Path(out_file).write_bytes(answer.pdf)
        print(answer.document.number, out_file)


if __name__ == "__main__":
    main()
