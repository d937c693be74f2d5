// The range of output columns [first, end) of one kernel column whose input column o * stride + offset - pad lies inside [0, width).
INLINE void inside(size_t offset, size_t pad, size_t stride, size_t width, size_t out, size_t *first, size_t *end) {
  const size_t low = offset >= pad ? 0 : (pad - offset + stride - 1) / stride;
  const size_t high = width + pad > offset ? (width + pad - offset - 1) / stride + 1 : 0;
  *end = high < out ? high : out;
  *first = low < *end ? low : *end;
}

static void body_im2col(const float *x, size_t channels, size_t height, size_t width, size_t kh, size_t kw, size_t stride_h, size_t stride_w,
                        size_t pad_h, size_t pad_w, size_t out_h, size_t out_w, float *columns) {
  for (size_t c = 0; c < channels; c++, x += height * width) {
    for (size_t i = 0; i < kh; i++) {
      size_t top, bottom;
      inside(i, pad_h, stride_h, height, out_h, &top, &bottom);
      for (size_t j = 0; j < kw; j++, columns += out_h * out_w) {
        size_t left, right;
        inside(j, pad_w, stride_w, width, out_w, &left, &right);
        memset(columns, 0, top * out_w * sizeof(float));
        for (size_t oh = top; oh < bottom; oh++) {
          float *to = columns + oh * out_w;
          memset(to, 0, left * sizeof(float));
          if (left < right) {
            const float *from = x + (oh * stride_h + i - pad_h) * width + (left * stride_w + j - pad_w);
            if (stride_w == 1)
              memcpy(to + left, from, (right - left) * sizeof(float));
            else
              for (size_t ow = left; ow < right; ow++) to[ow] = from[(ow - left) * stride_w];
          }
          memset(to + right, 0, (out_w - right) * sizeof(float));
        }
        memset(columns + bottom * out_w, 0, (out_h - bottom) * out_w * sizeof(float));
      }
    }
  }
}

// A pixel receives its entries in the order of the kernel positions (i, j); for one kernel position it has at most one.
static void body_col2im(const float *columns, size_t channels, size_t height, size_t width, size_t kh, size_t kw, size_t stride_h, size_t stride_w,
                        size_t pad_h, size_t pad_w, size_t out_h, size_t out_w, float *x) {
  memset(x, 0, channels * height * width * sizeof(float));
  for (size_t c = 0; c < channels; c++, x += height * width) {
    for (size_t i = 0; i < kh; i++) {
      size_t top, bottom;
      inside(i, pad_h, stride_h, height, out_h, &top, &bottom);
      for (size_t j = 0; j < kw; j++, columns += out_h * out_w) {
        size_t left, right;
        inside(j, pad_w, stride_w, width, out_w, &left, &right);
        if (left == right) continue;
        for (size_t oh = top; oh < bottom; oh++) {
          const float *from = columns + oh * out_w + left;
          float *to = x + (oh * stride_h + i - pad_h) * width + (left * stride_w + j - pad_w);
          if (stride_w == 1)
            body_add(to, from, to, right - left);
          else
            for (size_t ow = left; ow < right; ow++) to[(ow - left) * stride_w] += from[ow - left];
        }
      }
    }
  }
}

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
