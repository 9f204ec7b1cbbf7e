/* The only file that knows libharu, which keeps the page tree and writes objects; each of ours is a libharu dictionary whose
 * write_fn puts our own text.
 * Invariants: libharu's error handler only remembers the first error; its memory is the call's arena, capped and gone with
 * it; numbers and rows are ours, so that objects may be in streams: libharu knows tables alone. */
#include "docs_gen/draw/objects.h"

#include <hpdf.h>
#include <hpdf_doc.h>
#include <hpdf_objects.h>
#include <hpdf_streams.h>
#include <stdio.h>
#include <stdlib.h>

_Static_assert(sizeof(HPDF_Dict_Rec) == 96 && sizeof(HPDF_Stream_Rec) == 88 &&
                   sizeof(HPDF_Obj_Header) == 8,
               "libharu 2.3.0's structs, which this file touches");

enum {
  BYTE_RANGE_ROOM = 48, /* "[0 " and three numbers of ten digits, "]" last */
};

/* libharu's allocator has no user pointer: the arena of the call that this thread is drawing for. libharu's own pool is
 * not used, since it aligns to four bytes. */
static _Thread_local struct sv_arena *drawing_mem;

static void *pool_take(HPDF_UINT n) { return sv_arena_alloc(drawing_mem, n); }
static void pool_give(void *p) { (void)p; /* with the arena */ }

struct object {
  struct pdf_objects *pdf;
  HPDF_Dict dict;
  uint32_t number;
  const char *entries;
  struct sv_bytes data;
  bool stream;
  size_t contents_room; /* of a signature; 0: another object */
};

struct pdf_objects {
  struct sv_ctx *ctx;
  const struct pdf_beginning *beginning; /* NULL: none */
  HPDF_Doc doc;
  HPDF_STATUS error;
  struct object **objects; /* in the order of the file, in which they were made */
  size_t n, room;
  struct pdf_row
      *rows; /* by number; of an object that is not yet written, a is its place in objects */
  uint32_t row_n, row_room;
  uint32_t info;
  HPDF_Stream out; /* while the file is written */
  struct sv_buf file;
  struct sv_sig_slot slot;
};

enum { OBJECTS_MAX = 20000 };

static void remember(HPDF_STATUS error, HPDF_STATUS detail, void *user) {
  struct pdf_objects *pdf = user;
  (void)detail;
  if (pdf->error == HPDF_OK) {
    pdf->error = error;
  }
}

sv_status pdf_library_check(struct sv_ctx *ctx) {
  if (strcmp(HPDF_GetVersion(), "2.3.0") != 0) {
    return SV_FAIL(ctx, CONFIG, "libharu %s, not 2.3.0", HPDF_GetVersion());
  }
  return SV_DONE;
}

/* ---- numbers and rows ---- */

static void failed(struct pdf_objects *pdf) {
  if (pdf->error == HPDF_OK) {
    pdf->error = HPDF_FAILD_TO_ALLOC_MEM;
  }
}

static bool rows_fit(struct pdf_objects *pdf, uint32_t n) {
  if (n <= pdf->row_room) {
    return true;
  }
  uint32_t room = n > OBJECTS_MAX / 2 ? OBJECTS_MAX : n < 128 ? 256 : 2 * n;
  struct pdf_row *rows = n <= room ? SV_ARRAY(pdf->ctx->mem, room, struct pdf_row) : NULL;
  if (!rows) {
    return false;
  }
  if (pdf->row_n) {
    memcpy(rows, pdf->rows, pdf->row_n * sizeof *rows);
  }
  pdf->rows = rows;
  pdf->row_room = room;
  return true;
}

uint32_t pdf_numbers(struct pdf_objects *pdf, uint32_t n) {
  if (n > OBJECTS_MAX || !rows_fit(pdf, pdf->row_n + n)) {
    failed(pdf);
    return 0;
  }
  pdf->row_n += n;
  return pdf->row_n - n;
}

static sv_status rows_begin(struct pdf_objects *pdf, const struct pdf_beginning *beginning) {
  uint32_t n = beginning ? beginning->row_n : PDF_OWN_FIRST;
  if (!rows_fit(pdf, n + 64)) {
    return SV_FAIL(pdf->ctx, NO_MEMORY, "PDF");
  }
  if (beginning) {
    memcpy(pdf->rows, beginning->rows, n * sizeof *pdf->rows);
  }
  pdf->rows[0].b = 65535; /* free, and never to be used (PDF 32000-1 7.5.4) */
  pdf->row_n = n;
  return SV_DONE;
}

sv_status pdf_objects_open(struct sv_ctx *ctx, const struct pdf_beginning *beginning,
                           struct pdf_objects **ret) {
  struct pdf_objects *pdf = SV_NEW(ctx->mem, struct pdf_objects);
  if (!pdf) {
    return SV_FAIL(ctx, NO_MEMORY, "PDF");
  }
  pdf->ctx = ctx;
  pdf->beginning = beginning;
  SV_TRY(rows_begin(pdf, beginning));
  drawing_mem = ctx->mem;
  pdf->doc = HPDF_NewEx(remember, pool_take, pool_give, 0, pdf);
  if (!pdf->doc) {
    return SV_FAIL(ctx, NO_MEMORY, "libharu: %04lx", (unsigned long)pdf->error);
  }
  *ret = pdf;
  return SV_DONE;
}

void pdf_objects_close(struct pdf_objects *pdf) {
  if (pdf && pdf->doc) {
    HPDF_Free(pdf->doc);
    pdf->doc = NULL;
  }
}

/* ---- objects ---- */

static HPDF_STATUS put(HPDF_Stream out, const void *p, size_t n) {
  return HPDF_Stream_Write(out, p, (HPDF_UINT)n);
}
static HPDF_STATUS put_str(HPDF_Stream out, const char *s) { return put(out, s, strlen(s)); }

/* Between << and >>; the stream itself follows in write_tail, once libharu has closed the dictionary. */
static HPDF_STATUS write_entries(HPDF_Dict dict, HPDF_Stream out) {
  struct object *o = dict->attr;
  HPDF_STATUS status = o->entries ? put_str(out, o->entries) : HPDF_OK;
  if (status == HPDF_OK && o->stream) {
    char length[40];
    snprintf(length, sizeof length, "/Length %zu", o->data.n);
    status = put_str(out, length);
  }
  return status;
}

static HPDF_STATUS write_tail(HPDF_Dict dict) {
  struct object *o = dict->attr;
  HPDF_Stream out = o->pdf->out;
  if (!o->stream) {
    return HPDF_OK;
  }
  HPDF_STATUS status = put_str(out, "\nstream\n");
  if (status == HPDF_OK && o->data.n) {
    status = put(out, o->data.p, o->data.n);
  }
  return status == HPDF_OK ? put_str(out, "\nendstream") : status;
}

/* ISO 32000-1 12.8.1. The offsets are those of the file, which libharu writes straight into. */
static HPDF_STATUS write_signature(HPDF_Dict dict, HPDF_Stream out) {
  struct object *o = dict->attr;
  struct sv_sig_slot *slot = &o->pdf->slot;
  char range[BYTE_RANGE_ROOM + 1];
  memset(range, ' ', BYTE_RANGE_ROOM);
  memcpy(range, "[0 0 0 0", 8);
  range[BYTE_RANGE_ROOM - 1] = ']';
  char *contents = sv_arena_alloc(o->pdf->ctx->mem, o->contents_room);
  if (!contents) {
    return HPDF_FAILD_TO_ALLOC_MEM;
  }
  memset(contents, '0', o->contents_room);
  contents[0] = '<', contents[o->contents_room - 1] = '>';
  HPDF_STATUS status = put_str(out, o->entries);
  status = status == HPDF_OK ? put_str(out, "\n/ByteRange ") : status;
  *slot = (struct sv_sig_slot){.byte_range_at = o->pdf->file.n,
                               .byte_range_room = BYTE_RANGE_ROOM,
                               .contents_room = o->contents_room};
  status = status == HPDF_OK ? put(out, range, BYTE_RANGE_ROOM) : status;
  status = status == HPDF_OK ? put_str(out, "\n/Contents ") : status;
  slot->contents_at = o->pdf->file.n;
  status = status == HPDF_OK ? put(out, contents, o->contents_room) : status;
  return status == HPDF_OK ? put_str(out, "\n") : status;
}

static struct object *object_at(struct pdf_objects *pdf, uint32_t number) {
  if (!number || number >= pdf->row_n || pdf->rows[number].a >= pdf->n) {
    return NULL;
  }
  struct object *o = pdf->objects[pdf->rows[number].a];
  return o->number == number ? o : NULL;
}

static bool objects_fit(struct pdf_objects *pdf) {
  if (pdf->n < pdf->room) {
    return true;
  }
  size_t room = pdf->room ? 4 * pdf->room : 64;
  struct object **objects = SV_ARRAY(pdf->ctx->mem, room, struct object *);
  if (!objects) {
    return false;
  }
  if (pdf->n) {
    memcpy(objects, pdf->objects, pdf->n * sizeof(struct object *));
  }
  pdf->objects = objects;
  pdf->room = room;
  return true;
}

/* Ties a libharu dictionary to a number and to our entries. */
static struct object *adopt(struct pdf_objects *pdf, HPDF_Dict dict, uint32_t number) {
  struct object *o = SV_NEW(pdf->ctx->mem, struct object);
  if (!o || !number || !objects_fit(pdf)) {
    failed(pdf);
    return NULL;
  }
  *o = (struct object){.pdf = pdf, .dict = dict, .number = number};
  pdf->rows[number].a = (uint32_t)pdf->n;
  pdf->objects[pdf->n++] = o;
  dict->header.obj_id = number | HPDF_OTYPE_INDIRECT;
  dict->attr = o;
  dict->write_fn = write_entries;
  dict->after_write_fn = write_tail;
  return o;
}

static HPDF_Dict new_dict(struct pdf_objects *pdf) {
  HPDF_Dict dict = HPDF_Dict_New(pdf->doc->mmgr);
  if (!dict) {
    failed(pdf);
  }
  return dict;
}

uint32_t pdf_object(struct pdf_objects *pdf) {
  HPDF_Dict dict = new_dict(pdf);
  struct object *o = dict ? adopt(pdf, dict, pdf_numbers(pdf, 1)) : NULL;
  return o ? o->number : 0;
}

uint32_t pdf_page(struct pdf_objects *pdf) {
  HPDF_Dict dict = new_dict(pdf);
  struct object *o = dict ? adopt(pdf, dict, pdf_numbers(pdf, 1)) : NULL;
  if (!o || HPDF_Dict_AddName(dict, "Type", "Page") != HPDF_OK ||
      HPDF_Pages_AddKids(pdf->doc->root_pages, dict) != HPDF_OK) {
    failed(pdf);
    return 0;
  }
  dict->header.obj_class |=
      HPDF_OSUBCLASS_PAGE; /* the tree counts these; its own attributes are not ours */
  return o->number;
}

void pdf_dict(struct pdf_objects *pdf, uint32_t number, const char *entries) {
  struct object *o = object_at(pdf, number);
  if (!o || !entries) {
    failed(pdf);
    return;
  }
  o->entries = entries;
}

void pdf_stream(struct pdf_objects *pdf, uint32_t number, const char *entries,
                struct sv_bytes data) {
  struct object *o = object_at(pdf, number);
  if (!o || !entries) {
    failed(pdf);
    return;
  }
  o->entries = entries, o->data = data, o->stream = true;
}

void pdf_catalog(struct pdf_objects *pdf, const char *entries) {
  struct object *o = adopt(pdf, pdf->doc->catalog, pdf->doc->catalog->header.obj_id & 0x00ffffff);
  if (o) {
    o->entries = entries;
  }
}

void pdf_packed(struct pdf_objects *pdf, const struct pack_stream *stream) {
  uint32_t number = pdf_object(pdf);
  for (size_t i = 0; number && i < stream->n; i++) {
    uint32_t packed = stream->numbers ? stream->numbers[i] : stream->first_number + (uint32_t)i;
    SV_ASSERT(packed < pdf->row_n);
    pdf->rows[packed] = (struct pdf_row){.type = 2, .a = number, .b = (uint16_t)i};
  }
  pdf_stream(pdf, number,
             sv_arena_printf(pdf->ctx->mem, "/Type/ObjStm/N %zu/First %zu/Filter/FlateDecode",
                             stream->n, stream->first),
             stream->deflated);
}

void pdf_info(struct pdf_objects *pdf, const char *entries) {
  pdf->info = pdf_object(pdf);
  pdf_dict(pdf, pdf->info, entries);
}

void pdf_signature(struct pdf_objects *pdf, uint32_t number, const char *entries,
                   size_t contents_room) {
  struct object *o = object_at(pdf, number);
  if (o) {
    o->entries = entries, o->contents_room = contents_room;
    o->dict->write_fn = write_signature;
  }
}

/* ---- the file ---- */

static HPDF_STATUS write_out(HPDF_Stream stream, const HPDF_BYTE *p, HPDF_UINT n) {
  struct pdf_objects *pdf = stream->attr;
  sv_buf_put(&pdf->file, p, n);
  return pdf->file.failed ? HPDF_FILE_IO_ERROR : HPDF_OK;
}

static bool write_object(struct pdf_objects *pdf, HPDF_Dict dict, uint32_t number) {
  pdf->rows[number] = (struct pdf_row){.type = 1, .a = (uint32_t)pdf->file.n};
  pack_number(&pdf->file, number);
  sv_buf_str(&pdf->file, " 0 obj\n");
  bool good = HPDF_Obj_WriteValue(dict, pdf->out, NULL) == HPDF_OK;
  sv_buf_str(&pdf->file, "\nendobj\n");
  return good && !pdf->file.failed;
}

static size_t room_needed(const struct pdf_objects *pdf) {
  size_t n = (pdf->beginning ? pdf->beginning->bytes.n : 0) + 1024 + 8 * (size_t)pdf->row_n;
  for (size_t i = 0; i < pdf->n; i++) {
    const struct object *o = pdf->objects[i];
    n += 256 + o->data.n + o->contents_room + (o->entries ? strlen(o->entries) : 0);
  }
  return n;
}

static sv_status failure(struct pdf_objects *pdf) {
  if (pdf->file.failed) {
    return SV_FAIL(pdf->ctx, NO_MEMORY, "file of %zu bytes", pdf->file.n);
  }
  return SV_FAIL(pdf->ctx, RENDER, "libharu: %04lx", (unsigned long)pdf->error);
}

/* All objects, one after the other, in the order in which they were made. */
static sv_status write_objects(struct pdf_objects *pdf) {
  size_t room = room_needed(pdf);
  pdf->file = sv_buf_with_room(pdf->ctx->mem, room);
  pdf->out = HPDF_CallbackWriter_New(pdf->doc->mmgr, write_out, pdf);
  if (!pdf->file.p || !pdf->out) {
    return SV_FAIL(pdf->ctx, NO_MEMORY, "file of %zu bytes", room);
  }
  if (pdf->beginning) {
    sv_buf_put(&pdf->file, pdf->beginning->bytes.p, pdf->beginning->bytes.n);
  } else {
    sv_buf_str(&pdf->file, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
  }
  bool good = pdf->error == HPDF_OK;
  for (size_t i = 0; good && i < pdf->n; i++) {
    good = write_object(pdf, pdf->objects[i]->dict, pdf->objects[i]->number);
  }
  return good && pdf->error == HPDF_OK ? SV_DONE : failure(pdf);
}

sv_status pdf_beginning_save(struct pdf_objects *pdf, struct pdf_beginning *ret) {
  SV_TRY(write_objects(pdf));
  *ret = (struct pdf_beginning){sv_buf_bytes(&pdf->file), pdf->rows, pdf->row_n};
  return SV_DONE;
}

/* The cross reference, which has a row for itself (PDF 32000-1 7.5.8). */
static sv_status write_rows(struct pdf_objects *pdf, struct deflater *deflater,
                            const uint8_t id[static 32]) {
  char halves[2][33];
  struct deflated rows;
  size_t at = pdf->file.n;
  uint32_t number = pdf_numbers(pdf, 1);
  if (!number) {
    return failure(pdf);
  }
  pdf->rows[number] = (struct pdf_row){.type = 1, .a = (uint32_t)at};
  SV_TRY(pack_rows(pdf->ctx, deflater, pdf->rows, pdf->row_n, &rows));
  sv_hex(id, 16, halves[0]);
  sv_hex(id + 16, 16, halves[1]);
  sv_buf_printf(&pdf->file,
                "%u 0 obj\n<</Type/XRef/Size %u/Root 1 0 R/Info %u 0 R/ID[<%s><%s>]/W[1 4 2]%s"
                "/Length %zu>>\nstream\n",
                number, pdf->row_n, pdf->info, halves[0], halves[1], rows.filter, rows.bytes.n);
  sv_buf_put(&pdf->file, rows.bytes.p, rows.bytes.n);
  sv_buf_printf(&pdf->file, "\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n", at);
  return pdf->file.failed ? failure(pdf) : SV_DONE;
}

sv_status pdf_objects_save(struct pdf_objects *pdf, struct deflater *deflater,
                           const uint8_t id[static 32], struct sv_bytes *ret_pdf,
                           struct sv_sig_slot *ret_slot) {
  HPDF_Dict pages = pdf->doc->root_pages;
  SV_TRY(write_objects(pdf));
  if (!write_object(pdf, pages, pages->header.obj_id & 0x00ffffff)) {
    return failure(pdf);
  }
  SV_TRY(write_rows(pdf, deflater, id));
  *ret_pdf = sv_buf_bytes(&pdf->file);
  *ret_slot = pdf->slot;
  ret_slot->static_bytes = pdf->beginning ? pdf->beginning->bytes.n : 0;
  return SV_DONE;
}
