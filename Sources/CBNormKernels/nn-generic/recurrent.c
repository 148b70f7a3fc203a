// The element-wise parts of LSTM and GRU cells.
#include <math.h>

#include "bnk/nn_generic.h"

static inline float sigmoid(float x) { return 1 / (1 + expf(-x)); }

void bnk_nn_lstm_f32(const struct bnk_nn_lstm *p) {
  const size_t n = p->cell;
  for (size_t b = 0; b < p->batch; b++) {
    const float *gates = p->gates + b * 4 * n, *before = p->cs_prev + b * n;
    for (size_t k = 0; k < n; k++) {
      const size_t at = b * n + k;
      const float *wci = p->wci, *wcf = p->wcf, *wco = p->wco;
      const float i = sigmoid(gates[k] + (wci ? before[k] * wci[k] : 0));
      const float ci = tanhf(gates[p->c_gate * n + k]);
      const float f = sigmoid(gates[p->f_gate * n + k] + p->forget_bias +
                              (wcf ? before[k] * wcf[k] : 0));
      float cs = i * ci + f * before[k];
      if (p->clip > 0) cs = cs < -p->clip ? -p->clip : cs > p->clip ? p->clip : cs;
      const float co = tanhf(cs);
      const float o = sigmoid(gates[3 * n + k] + (wco ? cs * wco[k] : 0));
      p->i[at] = i;
      p->cs[at] = cs;
      p->f[at] = f;
      p->o[at] = o;
      p->ci[at] = ci;
      p->co[at] = co;
      p->h[at] = o * co;
    }
  }
}

void bnk_nn_lstm_grad_f32(const struct bnk_nn_lstm_grad *p) {
  const size_t n = p->cell;
  for (size_t b = 0; b < p->batch; b++) {
    float *gates = p->gates_grad + b * 4 * n;
    for (size_t k = 0; k < n; k++) {
      const size_t at = b * n + k;
      const float i = p->i[at], f = p->f[at], o = p->o[at], ci = p->ci[at], co = p->co[at];
      const float before = p->cs_prev[at];
      const float h_grad = p->h_grad[at] + (p->h_more ? p->h_more[at] : 0);
      const float cs_grad = p->cs_grad[at] + (p->cs_more ? p->cs_more[at] : 0);
      const float to_o = o * (1 - o) * h_grad * co;
      float to_cs = (1 - co * co) * h_grad * o + cs_grad;
      if (p->wco) to_cs += to_o * p->wco[k];
      const float to_ci = (1 - ci * ci) * to_cs * i;
      const float to_f = f * (1 - f) * to_cs * before;
      const float to_i = i * (1 - i) * to_cs * ci;
      gates[k] = to_i;
      gates[p->c_gate * n + k] = to_ci;
      gates[p->f_gate * n + k] = to_f;
      gates[3 * n + k] = to_o;
      float to_before = to_cs * f;
      if (p->wco) {
        to_before += to_i * p->wci[k] + to_f * p->wcf[k];
        p->wci_grad[k] += to_i * before;
        p->wcf_grad[k] += to_f * before;
        p->wco_grad[k] += to_o * p->cs[at];
      }
      p->cs_prev_grad[at] = to_before;
      if (p->b_grad) {
        p->b_grad[k] += to_i;
        p->b_grad[p->c_gate * n + k] += to_ci;
        p->b_grad[p->f_gate * n + k] += to_f;
        p->b_grad[3 * n + k] += to_o;
      }
    }
  }
}

void bnk_nn_gru_gates_f32(size_t batch, size_t cell, const float *gates, const float *bias,
                          const float *h_prev, float *r, float *u, float *reset) {
  for (size_t b = 0; b < batch; b++) {
    for (size_t k = 0; k < cell; k++) {
      const size_t at = b * cell + k;
      r[at] = sigmoid(gates[b * 2 * cell + k] + bias[k]);
      u[at] = sigmoid(gates[b * 2 * cell + cell + k] + bias[cell + k]);
      reset[at] = h_prev[at] * r[at];
    }
  }
}

void bnk_nn_gru_state_f32(size_t batch, size_t cell, const float *bias, const float *h_prev,
                          const float *u, float *c, float *h) {
  for (size_t b = 0; b < batch; b++) {
    for (size_t k = 0; k < cell; k++) {
      const size_t at = b * cell + k;
      c[at] = tanhf(c[at] + bias[k]);
      h[at] = u[at] * (h_prev[at] - c[at]) + c[at];
    }
  }
}
