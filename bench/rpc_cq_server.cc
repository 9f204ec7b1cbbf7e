// The yardstick of bench/rpc: an empty unary call on gRPC C++ with one completion queue and one thread, the fastest way that
// library has.   rpc_cq_server [CERT KEY]      prints "port N", serves until it is killed
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "interop.grpc.pb.h"

namespace {

using grpc::testing::Empty;
using Service = grpc::testing::TestService::WithAsyncMethod_EmptyCall<grpc::testing::TestService::Service>;

constexpr int kOpen = 200;  // calls that are waited for at a time

class Call {
 public:
  Call(Service *service, grpc::ServerCompletionQueue *queue) : service_(service), queue_(queue), answer_(&context_) {
    service_->RequestEmptyCall(&context_, &request_, &answer_, queue_, queue_, this);
  }
  void Proceed(bool ok) {
    if (!ok || answered_) {
      if (ok) {
        new Call(service_, queue_);
      }
      delete this;
      return;
    }
    answered_ = true;
    answer_.Finish(Empty(), grpc::Status::OK, this);
  }

 private:
  Service *service_;
  grpc::ServerCompletionQueue *queue_;
  grpc::ServerContext context_;
  Empty request_;
  grpc::ServerAsyncResponseWriter<Empty> answer_;
  bool answered_ = false;
};

std::string Read(const char *path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char **argv) {
  auto credentials = grpc::InsecureServerCredentials();
  if (argc == 3) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({Read(argv[2]), Read(argv[1])});
    credentials = grpc::SslServerCredentials(options);
  }
  int port = 0;
  Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", credentials, &port);
  builder.RegisterService(&service);
  auto queue = builder.AddCompletionQueue();
  auto server = builder.BuildAndStart();
  if (!server) {
    return 1;
  }
  std::printf("port %d\n", port);
  std::fflush(stdout);
  for (int i = 0; i < kOpen; i++) {
    new Call(&service, queue.get());
  }
  void *tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) {
    static_cast<Call *>(tag)->Proceed(ok);
  }
}
