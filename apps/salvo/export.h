/* The rows of a year as text, for an archive. */
#pragma once
#include "base/ctx.h"
#include "store/store.h"

/* A CSV file (RFC 4180, UTF-8) a table in a new directory; what is sealed stays out. A row is of the year that its number
 * says, or of its time where it has none. The signed records of amendments are files too: amendments/AUTHORITY.ID.N.json and
 * its .p7s. Fails: CONFIG when the directory is there, IO. */
sv_status export_year(struct sv_ctx *ctx, struct store *store, int year, const char *dir);
