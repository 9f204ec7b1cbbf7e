/* The storage of rpc_call_header and rpc_call_trailer (service.h). Inside rpc/grpc alone. */
#pragma once
#include "rpc/grpc/call.h"

void rpc_metadata_free(struct rpc_metadata *m);
