// libpng's reader, in C from beginning to end: its errors jump, and must not jump over Swift's frames.
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const unsigned char *bytes;
  size_t count, position;
  png_structp png;
  png_infop info;
  jmp_buf failed;
  char message[128];
  /// Of the image as `png_source_read` writes it, 8 bits a sample: 1 grey, 2 with alpha, 3 RGB, 4 with alpha.
  size_t width, height, channels;
  /// The picture's Exif data, or NULL.
  const unsigned char *exif;
  size_t exif_count;
} png_source;

static inline void png_source_take(png_structp png, png_bytep out, png_size_t count) {
  png_source *source = (png_source *)png_get_io_ptr(png);
  if (count > source->count - source->position) png_error(png, "the file ends before the image does");
  memcpy(out, source->bytes + source->position, count);
  source->position += count;
}

static inline void png_source_fail(png_structp png, png_const_charp message) {
  png_source *source = (png_source *)png_get_error_ptr(png);
  strncpy(source->message, message, sizeof source->message - 1);
  longjmp(source->failed, 1);
}

static inline void png_source_warn(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static inline void png_source_close(png_source *source) {
  if (source) png_destroy_read_struct(&source->png, &source->info, NULL);
  free(source);
}

/// Reads what stands before the samples; `bytes` must stay where they are. NULL without memory; where `message` is not empty the file is no image.
static inline png_source *png_source_open(const unsigned char *bytes, size_t count) {
  png_source *source = (png_source *)calloc(1, sizeof *source);
  if (!source) return NULL;
  source->bytes = bytes;
  source->count = count;
  source->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, source, png_source_fail, png_source_warn);
  source->info = source->png ? png_create_info_struct(source->png) : NULL;
  if (!source->info) {
    png_source_close(source);
    return NULL;
  }
  if (setjmp(source->failed)) return source;
  png_set_read_fn(source->png, source, png_source_take);
  // Sizes are for the caller to judge.
  png_set_user_limits(source->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_read_info(source->png, source->info);
  // Stored values: no gamma, the high byte of 16 bits, palettes and fewer bits expanded.
  png_set_expand(source->png);
  png_set_strip_16(source->png);
  png_set_interlace_handling(source->png);
  png_read_update_info(source->png, source->info);
  source->width = png_get_image_width(source->png, source->info);
  source->height = png_get_image_height(source->png, source->info);
  source->channels = png_get_channels(source->png, source->info);
  png_uint_32 exif_count = 0;
  png_bytep exif = NULL;
  if (png_get_eXIf_1(source->png, source->info, &exif_count, &exif)) {
    source->exif = exif;
    source->exif_count = exif_count;
  }
  return source;
}

/// Writes all samples, [height, width, channels]; 0 where the file is damaged, and `message` says how.
static inline int png_source_read(png_source *source, unsigned char *samples) {
  unsigned char **volatile rows = NULL;
  if (setjmp(source->failed)) {
    free(rows);
    return 0;
  }
  rows = (unsigned char **)malloc(source->height * sizeof *rows);
  if (!rows) png_error(source->png, "no memory for the rows");
  for (size_t i = 0; i < source->height; i++) rows[i] = samples + i * source->width * source->channels;
  png_read_image(source->png, (png_bytepp)rows);
  png_read_end(source->png, NULL);
  free(rows);
  return 1;
}
