// The transforms of Winograd's minimal filtering F(m × m, 3 × 3) (winograd.h), along one axis.
//
// The transforms evaluate polynomials at 0, ±1 and ∞ with m = 2, and at 0, ±P, ±Q and ∞ with m = 4. These P and Q are
// exact in binary; with them the error is half of that with the usual 1 and 2.
#pragma once
#include "vec.h"

#define P 0.625f
#define Q 1.5f

// Rows of Bᵀ times x.
INLINE void input_line(int m, const vf *x, vf *y) {
  if (m == 2) {
    y[0] = x[0] - x[2];
    y[1] = x[2] + x[1];
    y[2] = x[2] - x[1];
    y[3] = x[3] - x[1];
    return;
  }
  vf even = x[4] - x[2] * (Q * Q), odd = (x[3] - x[1] * (Q * Q)) * P;
  y[1] = even + odd;
  y[2] = even - odd;
  even = x[4] - x[2] * (P * P), odd = (x[3] - x[1] * (P * P)) * Q;
  y[3] = even + odd;
  y[4] = even - odd;
  y[0] = x[4] - x[2] * (P * P + Q * Q) + x[0] * (P * P * Q * Q);
  y[5] = x[5] - x[3] * (P * P + Q * Q) + x[1] * (P * P * Q * Q);
}

// Rows of G times g.
INLINE void weight_line(int m, const vf *g, vf *y) {
  if (m == 2) {
    vf even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
    y[0] = g[0];
    y[1] = even + odd;
    y[2] = even - odd;
    y[3] = g[2];
    return;
  }
  const float p = 1 / (2 * P * P * (P * P - Q * Q)), q = 1 / (2 * Q * Q * (Q * Q - P * P));
  vf even = (g[0] + g[2] * (P * P)) * p, odd = g[1] * (P * p);
  y[1] = even + odd;
  y[2] = even - odd;
  even = (g[0] + g[2] * (Q * Q)) * q, odd = g[1] * (Q * q);
  y[3] = even + odd;
  y[4] = even - odd;
  y[0] = g[0] * (1 / (P * P * Q * Q));
  y[5] = g[2];
}

// Rows of Aᵀ times x.
INLINE void output_line(int m, const vf *x, vf *y) {
  vf even = x[1] + x[2], odd = x[1] - x[2];
  if (m == 2) {
    y[0] = x[0] + even;
    y[1] = x[3] + odd;
    return;
  }
  vf even2 = x[3] + x[4], odd2 = x[3] - x[4];
  y[0] = x[0] + even + even2;
  y[1] = odd * P + odd2 * Q;
  y[2] = even * (P * P) + even2 * (Q * Q);
  y[3] = x[5] + odd * (P * P * P) + odd2 * (Q * Q * Q);
}

#undef P
#undef Q
