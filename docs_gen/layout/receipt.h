/* Parts of the receipt's layout, for its own files alone. */
#pragma once
#include "docs_gen/layout/layout.h"

enum {
  ORDER_PARTIES = 30,
  ORDER_TABLE = 100,
  ORDER_LINES = 120, /* 10 a line, and as many for sums of pages */
  ORDER_AMOUNT = 2000,
  ORDER_LEDGER = 2100,
  ORDER_OFFICERS = 2300,
  ORDER_SIGNATURE = 2400,
  ORDER_BEHIND = LAYOUT_SIGNATURE_ORDER + 10,
};

/* Digits behind the point; a currency that is not known has two. */
int receipt_digits(const char *currency);

/* What the head of the first page's table has in common in all receipts. */
void receipt_table_static(struct canvas *c, const struct layout *l);
/* The lines of the canvas's page, with its own heads and its sum. */
void receipt_table(struct canvas *c, const struct layout *l);
