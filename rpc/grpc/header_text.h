/* The texts that gRPC puts in headers: grpc-timeout, grpc-message, -bin values, content-type, accept-encoding. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* 1 to 8 digits and one of H M S m u n: nanoseconds. False when malformed. 99999999H fits. */
bool rpc_timeout_parse(struct sv_bytes text, uint64_t *ret_ns);
/* The coarsest unit that loses less than a thousandth, never 0 and never longer; text has room for 10. */
void rpc_timeout_format(uint64_t ns, char text[static 10]);

/* Percent-encoding of grpc-message: all but 0x20 to 0x7E without '%'. out has room for 3n + 1. */
void rpc_percent_encode(struct sv_bytes text, char *out);
/* Broken escapes stay as they are. out has room for n + 1; returns the length. */
size_t rpc_percent_decode(struct sv_bytes text, char *out);

/* Base64 without padding, for -bin values: emitted so, accepted with or without. */
[[nodiscard]] char *rpc_bin_encode(struct sv_arena *mem, struct sv_bytes bytes);
/* One value (split on commas before). False on a wrong character or when memory is out. */
bool rpc_bin_decode(struct sv_arena *mem, struct sv_bytes text, struct sv_bytes *ret_bytes);

/* application/grpc, application/grpc+x, application/grpc;... */
bool rpc_content_type_ok(struct sv_bytes text);
/* Is the word in a list of words with commas, blanks and ;q= allowed? */
bool rpc_list_has(struct sv_bytes list, const char *word);
