/* libpng's simplified reader, and libjpeg with its way out of faults: neither writes a word or ends the process. */
#include "scan/picture.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scan/scan.h"
/* after stdio.h, which it needs and does not include */
#include <jpeglib.h>

static bool size_good(uint64_t width, uint64_t height) {
  return width > 0 && height > 0 && width <= 65535 && height <= 65535 &&
         width * height <= SCAN_PIXELS_MAX;
}

static bool png_read(const uint8_t *file, size_t n, struct picture *ret) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  png_color white = {255, 255, 255};
  if (!png_image_begin_read_from_memory(&image, file, n)) {
    return false;
  }
  uint8_t *gray =
      size_good(image.width, image.height) ? malloc((size_t)image.width * image.height) : NULL;
  image.format = PNG_FORMAT_GRAY;
  if (!gray || !png_image_finish_read(&image, &white, gray, (png_int_32)image.width, NULL)) {
    png_image_free(&image);
    free(gray);
    return false;
  }
  *ret = (struct picture){gray, image.width, image.height};
  return true;
}

struct jpeg_fault {
  struct jpeg_error_mgr base;
  jmp_buf out;
};

static void jpeg_failed(j_common_ptr info) {
  struct jpeg_fault *fault = (struct jpeg_fault *)(void *)info->err;
  longjmp(fault->out, 1);
}

static void jpeg_silent(j_common_ptr info) { (void)info; }

static bool jpeg_rows(struct jpeg_decompress_struct *d, const uint8_t *file, size_t n,
                      struct picture *ret) {
  jpeg_mem_src(d, file, (unsigned long)n);
  if (jpeg_read_header(d, TRUE) != JPEG_HEADER_OK || !size_good(d->image_width, d->image_height)) {
    return false;
  }
  d->out_color_space = JCS_GRAYSCALE;
  d->dct_method = JDCT_ISLOW;
  ret->gray = malloc((size_t)d->image_width * d->image_height);
  ret->width = d->image_width;
  ret->height = d->image_height;
  if (!ret->gray || !jpeg_start_decompress(d)) {
    return false;
  }
  while (d->output_scanline < d->output_height) {
    JSAMPROW row = ret->gray + (size_t)d->output_scanline * ret->width;
    if (jpeg_read_scanlines(d, &row, 1) != 1) {
      return false;
    }
  }
  return true;
}

static bool jpeg_read(const uint8_t *file, size_t n, struct picture *ret) {
  struct jpeg_decompress_struct d;
  struct jpeg_fault fault;
  memset(ret, 0, sizeof *ret);
  d.err = jpeg_std_error(&fault.base);
  fault.base.error_exit = jpeg_failed;
  fault.base.output_message = jpeg_silent;
  jpeg_create_decompress(&d);
  bool good = setjmp(fault.out) == 0 && jpeg_rows(&d, file, n, ret);
  jpeg_destroy_decompress(&d);
  if (!good) {
    free(ret->gray);
    ret->gray = NULL;
  }
  return good;
}

bool picture_read(const uint8_t *file, size_t n, struct picture *ret) {
  return n > 2 && file[0] == 0xFF ? jpeg_read(file, n, ret) : png_read(file, n, ret);
}

/* Half-way between the dark and the light: a hundredth of the points is darker, and one is lighter. */
static uint8_t level_of(const struct picture *p) {
  size_t count[256] = {0}, n = (size_t)p->width * p->height, seen = 0;
  int dark = 0, light = 255;
  for (size_t i = 0; i < n; i++) {
    count[p->gray[i]]++;
  }
  for (seen = count[0]; dark < 255 && seen <= n / 100; seen += count[++dark]) {
  }
  for (seen = count[255]; light > 0 && seen <= n / 100; seen += count[--light]) {
  }
  return (uint8_t)((dark + light) / 2);
}

void picture_two_colours(struct picture *p) {
  uint8_t level = level_of(p);
  for (size_t i = 0; i < (size_t)p->width * p->height; i++) {
    p->gray[i] = p->gray[i] > level ? 255 : 0;
  }
}
