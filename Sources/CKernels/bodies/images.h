// Images with channels last. A place is an output of the convolution (or an input of its transpose); its patch is kh rows of kw * channels contiguous pixels.
// `from` ... `to` is the part of such a row that lies inside the image, `pixel` where that part begins.
typedef struct {
  size_t from, to;
  ptrdiff_t pixel;
} patch_row;

INLINE patch_row row_of_patch(size_t place, size_t i, size_t channels, size_t height, size_t width, size_t kw, size_t stride_h, size_t stride_w,
                              size_t pad_h, size_t pad_w, size_t out_w) {
  const ptrdiff_t y = (ptrdiff_t)(place / out_w * stride_h + i) - (ptrdiff_t)pad_h, x = (ptrdiff_t)(place % out_w * stride_w) - (ptrdiff_t)pad_w;
  if (y < 0 || y >= (ptrdiff_t)height || x >= (ptrdiff_t)width || x + (ptrdiff_t)kw <= 0) return (patch_row){0, 0, 0};
  const ptrdiff_t left = x < 0 ? -x : 0, right = x + (ptrdiff_t)kw > (ptrdiff_t)width ? (ptrdiff_t)width - x : (ptrdiff_t)kw;
  return (patch_row){(size_t)left * channels, (size_t)right * channels, (y * (ptrdiff_t)width + x + left) * (ptrdiff_t)channels};
}

static void body_patches(const float *image, size_t channels, size_t height, size_t width, size_t kh, size_t kw, size_t stride_h, size_t stride_w,
                         size_t pad_h, size_t pad_w, size_t out_w, size_t first, size_t count, float *patches) {
  const size_t length = kw * channels;
  for (size_t place = first; place < first + count; place++)
    for (size_t i = 0; i < kh; i++, patches += length) {
      const patch_row row = row_of_patch(place, i, channels, height, width, kw, stride_h, stride_w, pad_h, pad_w, out_w);
      memset(patches, 0, row.from * sizeof(float));
      memcpy(patches + row.from, image + row.pixel, (row.to - row.from) * sizeof(float));
      memset(patches + row.to, 0, (length - row.to) * sizeof(float));
    }
}

static void body_add_patches(const float *patches, size_t channels, size_t height, size_t width, size_t kh, size_t kw, size_t stride_h,
                             size_t stride_w, size_t pad_h, size_t pad_w, size_t out_w, size_t first, size_t count, float *image) {
  const size_t length = kw * channels;
  for (size_t place = first; place < first + count; place++)
    for (size_t i = 0; i < kh; i++, patches += length) {
      const patch_row row = row_of_patch(place, i, channels, height, width, kw, stride_h, stride_w, pad_h, pad_w, out_w);
      body_add(image + row.pixel, patches + row.from, image + row.pixel, row.to - row.from);
    }
}

static void body_transpose(const float *x, size_t rows, size_t columns, float *y, size_t y_stride) { transpose(x, rows, columns, columns, y, y_stride); }
