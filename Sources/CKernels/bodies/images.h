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
