#include "docs_gen/layout/layout.h"
void manifest_static(struct canvas *c, const struct layout *l, enum layout_part part) { (void)c; (void)l; (void)part; }
void manifest_draw(struct canvas *c, const struct layout *l) { (void)c; (void)l; }
uint32_t manifest_pages(const struct model_manifest *m) { (void)m; return 1; }
size_t manifest_page_lines(const struct model_manifest *m, uint32_t page, size_t *ret_first) { (void)m; (void)page; (void)ret_first; return 0; }
void manifest_signature_box(const struct layout *l, int32_t box[4], uint16_t *ret_page) { letter_signature_box(l, box, ret_page); }
