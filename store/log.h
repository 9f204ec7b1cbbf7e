/* The transparency log's part of the contract of store.h. */
#pragma once
#include "store/store.h"

struct store_log_ops {
  int none; /* no slot yet */
};
