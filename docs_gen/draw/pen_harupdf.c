/* The only file that knows libharu. It gives numbers to objects, keeps the page tree and writes the file; each of our
 * objects is a libharu dictionary whose write_fn puts our own text.
 * Invariants: libharu's error handler only remembers the first error; its memory is the call's arena, capped and gone with
 * it; object numbers are those of libharu's cross-reference table. */
#include "docs_gen/draw/objects.h"

#include <hpdf.h>
#include <hpdf_doc.h>
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
  const char *entries;
  struct sv_bytes data;
  bool stream;
  size_t contents_room; /* of a signature; 0: another object */
};

struct pdf_objects {
  struct sv_ctx *ctx;
  HPDF_Doc doc;
  HPDF_STATUS error;
  HPDF_Dict spare;    /* libharu's Info, whose number is the first that we give away; NULL: given */
  bool own_next;      /* the next object is the first of the document's own */
  uint32_t own_first; /* that one's number; 0: none */
  struct object *objects; /* by object number */
  size_t n;
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

sv_status pdf_objects_open(struct sv_ctx *ctx, struct pdf_objects **ret) {
  struct pdf_objects *pdf = SV_NEW(ctx->mem, struct pdf_objects);
  if (!pdf) {
    return SV_FAIL(ctx, NO_MEMORY, "PDF");
  }
  pdf->ctx = ctx;
  pdf->file = sv_buf_in(ctx->mem, 0);
  drawing_mem = ctx->mem;
  pdf->doc = HPDF_NewEx(remember, pool_take, pool_give, 0, pdf);
  if (!pdf->doc) {
    return SV_FAIL(ctx, NO_MEMORY, "libharu: %04lx", (unsigned long)pdf->error);
  }
  /* libharu's Info has a number before everything else, but says when and what: ours comes last */
  pdf->spare = pdf->doc->info;
  (void)HPDF_Dict_RemoveElement(pdf->spare, "Producer");
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

/* ISO 32000-1 12.8.1. The offsets are those of the file, since libharu counts what it has written. */
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
  *slot = (struct sv_sig_slot){.byte_range_at = out->size,
                               .byte_range_room = BYTE_RANGE_ROOM,
                               .contents_room = o->contents_room};
  status = status == HPDF_OK ? put(out, range, BYTE_RANGE_ROOM) : status;
  status = status == HPDF_OK ? put_str(out, "\n/Contents ") : status;
  slot->contents_at = out->size;
  status = status == HPDF_OK ? put(out, contents, o->contents_room) : status;
  return status == HPDF_OK ? put_str(out, "\n") : status;
}

static struct object *object_at(struct pdf_objects *pdf, uint32_t number) {
  return number && number < pdf->n ? &pdf->objects[number] : NULL;
}

/* Ties a libharu dictionary that has a number to our entries. */
static struct object *adopt(struct pdf_objects *pdf, HPDF_Dict dict) {
  uint32_t number = dict->header.obj_id & 0x00ffffff;
  if (!pdf->objects) {
    pdf->objects = SV_ARRAY(pdf->ctx->mem, 256, struct object);
    pdf->n = pdf->objects ? 256 : 0;
  }
  if (number >= pdf->n && number < OBJECTS_MAX) {
    size_t n = 4 * pdf->n;
    struct object *more = SV_ARRAY(pdf->ctx->mem, n, struct object);
    for (size_t i = 0; more && i < pdf->n; i++) {
      more[i] = pdf->objects[i];
      if (more[i].dict) {
        more[i].dict->attr = &more[i];
      }
    }
    pdf->objects = more ? more : pdf->objects;
    pdf->n = more ? n : pdf->n;
  }
  if (number >= pdf->n) {
    pdf->error = HPDF_FAILD_TO_ALLOC_MEM;
    return NULL;
  }
  struct object *o = &pdf->objects[number];
  *o = (struct object){.pdf = pdf, .dict = dict};
  if (pdf->own_next) {
    pdf->own_next = false;
    pdf->own_first = number;
  }
  dict->attr = o;
  dict->write_fn = write_entries;
  dict->after_write_fn = write_tail;
  return o;
}

void pdf_static_end(struct pdf_objects *pdf) { pdf->own_next = true; }

uint32_t pdf_object(struct pdf_objects *pdf) {
  if (pdf->spare) {
    HPDF_Dict spare = pdf->spare;
    pdf->spare = NULL;
    return adopt(pdf, spare) ? spare->header.obj_id & 0x00ffffff : 0;
  }
  HPDF_Dict dict = HPDF_Dict_New(pdf->doc->mmgr);
  if (!dict || HPDF_Xref_Add(pdf->doc->xref, dict) != HPDF_OK || !adopt(pdf, dict)) {
    return 0;
  }
  return dict->header.obj_id & 0x00ffffff;
}

uint32_t pdf_page(struct pdf_objects *pdf) {
  HPDF_Dict dict = HPDF_Dict_New(pdf->doc->mmgr);
  if (!dict || HPDF_Xref_Add(pdf->doc->xref, dict) != HPDF_OK ||
      HPDF_Dict_AddName(dict, "Type", "Page") != HPDF_OK ||
      HPDF_Pages_AddKids(pdf->doc->root_pages, dict) != HPDF_OK || !adopt(pdf, dict)) {
    return 0;
  }
  dict->header.obj_class |=
      HPDF_OSUBCLASS_PAGE; /* the tree counts these; its own attributes are not ours */
  return dict->header.obj_id & 0x00ffffff;
}

void pdf_dict(struct pdf_objects *pdf, uint32_t number, const char *entries) {
  struct object *o = object_at(pdf, number);
  if (o) {
    o->entries = entries;
  }
}

void pdf_stream(struct pdf_objects *pdf, uint32_t number, const char *entries,
                struct sv_bytes data) {
  struct object *o = object_at(pdf, number);
  if (o) {
    o->entries = entries, o->data = data, o->stream = true;
  }
}

static void put_beside(struct pdf_objects *pdf, HPDF_Dict dict, const char *entries) {
  struct object *o = adopt(pdf, dict);
  if (o) {
    o->entries = entries;
  }
}

void pdf_catalog(struct pdf_objects *pdf, const char *entries) {
  put_beside(pdf, pdf->doc->catalog, entries);
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

static bool put_id(struct pdf_objects *pdf, const uint8_t id[static 32]) {
  HPDF_MMgr mmgr = pdf->doc->mmgr;
  HPDF_Array array = HPDF_Array_New(mmgr);
  uint8_t halves[32];
  memcpy(halves, id, 32);
  return array && HPDF_Dict_Add(pdf->doc->trailer, "ID", array) == HPDF_OK &&
         HPDF_Array_Add(array, HPDF_Binary_New(mmgr, halves, 16)) == HPDF_OK &&
         HPDF_Array_Add(array, HPDF_Binary_New(mmgr, halves + 16, 16)) == HPDF_OK;
}

sv_status pdf_objects_save(struct pdf_objects *pdf, const uint8_t id[static 32],
                           struct sv_bytes *ret_pdf, struct sv_sig_slot *ret_slot) {
  HPDF_Doc doc = pdf->doc;
  HPDF_Stream out = HPDF_CallbackWriter_New(doc->mmgr, write_out, pdf);
  bool good = out && put_id(pdf, id) &&
              HPDF_Dict_Add(doc->trailer, "Root", doc->catalog) == HPDF_OK &&
              object_at(pdf, pdf->info) &&
              HPDF_Dict_Add(doc->trailer, "Info", object_at(pdf, pdf->info)->dict) == HPDF_OK;
  if (good && pdf->error == HPDF_OK) {
    pdf->out = out;
    good = put_str(out, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") == HPDF_OK &&
           HPDF_Xref_WriteToStream(doc->xref, out, NULL) == HPDF_OK;
  }
  if (out) {
    HPDF_Stream_Free(out);
  }
  if (pdf->file.failed) {
    return SV_FAIL(pdf->ctx, NO_MEMORY, "file of %zu bytes", pdf->file.n);
  }
  if (!good || pdf->error != HPDF_OK) {
    return SV_FAIL(pdf->ctx, RENDER, "libharu: %04lx", (unsigned long)pdf->error);
  }
  *ret_pdf = sv_buf_bytes(&pdf->file);
  *ret_slot = pdf->slot;
  HPDF_XrefEntry own = HPDF_Xref_GetEntry(doc->xref, pdf->own_first);
  ret_slot->static_bytes = pdf->own_first && own ? own->byte_offset : 0;
  return SV_DONE;
}
