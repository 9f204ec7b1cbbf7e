#include "docs_gen/layout/layout.h"
void receipt_static(struct canvas *c, const struct layout *l, enum layout_part part) { (void)c; (void)l; (void)part; }
void receipt_draw(struct canvas *c, const struct layout *l) { (void)c; (void)l; }
uint32_t receipt_pages(const struct model_receipt *m) { (void)m; return 1; }
void receipt_signature_box(const struct layout *l, int32_t box[4], uint16_t *ret_page) { letter_signature_box(l, box, ret_page); }
