// Bodies: what holds in one holds for every iteration, and across them. See
// rules/control_flow.cpp.
#include "infer/op_case.h"

namespace permcrypt::testing {
namespace {

const OpCase kCases[] = {
    {"g (bool c, float[3,4] x) => (float[3,4] y) {"
     "  y = If <then_branch = t () => (u) { u = Relu(x) },"
     "          else_branch = e () => (v) { v = Tanh(x) }> (c) }",
     "c[] x[a,b] -> y[a,b]"},
    // the branches' weights meet in the result
    {"g (bool c, float[3,4] x, float[4,5] a, float[4,5] b) => (float[3,5] y) {"
     "  y = If <then_branch = t () => (u) { u = MatMul(x, a) },"
     "          else_branch = e () => (v) { v = MatMul(x, b) }> (c) }",
     "c[] x[a,b] a[b,c] b[b,c] -> y[a,c]"},
    {"g (bool c, float[3,4] x, float[3,5] z) => (float[3,n] y) {"
     "  y = If <then_branch = t () => (u) { u = Relu(x) },"
     "          else_branch = e () => (v) { v = Relu(z) }> (c) }",
     "c[] x[a,!4] z[a,!5] -> y[a,?]"},
    // only the branch that is taken counts
    {"g (bool c = {1}, float[3,4] x, float[3,5] z) => (float[3,4] y) {"
     "  y = If <then_branch = t () => (u) { u = Relu(x) },"
     "          else_branch = e () => (v) { v = Relu(z) }> (c) }",
     "c[] x[a,b] z[c,d] -> y[a,b]"},
    // a carried value's axes are the recurrent weight's rows and columns
    {"g (float[3,6] h0, float[4,3,5] x, float[5,6] w, float[6,6] r)"
     "  => (float[3,6] h, float[4,3,6] y) {"
     "  h, y = Scan <num_scan_inputs = 1, body = step (hi, xi) => (ho, yo) {"
     "    a = MatMul(xi, w)  b = MatMul(hi, r)  ho = Add(a, b)  yo = Identity(ho) }> (h0, x) }",
     "h0[a,b] x[!4,a,c] w[c,b] r[b,b] -> h[a,b] y[!4,a,b]"},
    // the axes of stacked weights are those of every layer
    {"g (float[3,6] x, float[3,6,8] u, float[3,8,6] d) => (float[3,6] y) {"
     "  y = Scan <num_scan_inputs = 2, body = layer (xi, ui, di) => (xo) {"
     "    a = MatMul(xi, ui)  b = MatMul(a, di)  xo = Add(xi, b) }> (x, u, d) }",
     "x[a,b] u[!3,b,c] d[!3,c,b] -> y[a,b]"},
    // axes to scan and to stack along are counted from either end
    {"g (float[6] h0, float[6,4] x) => (float[6] h, float[6,4] y) {"
     "  h, y = Scan <num_scan_inputs = 1, scan_input_axes = [-1], scan_output_axes = [-1],"
     "    body = step (hi, xi) => (ho, yo) { ho = Add(hi, xi)  yo = Identity(ho) }> (h0, x) }",
     "h0[a] x[a,!4] -> h[a] y[a,!4]"},
    // as of opset 8, with a batch axis
    {"g (int64[3] n = {4, 2, 3}, float[3,6] h0, float[3,4,5] x, float[5,6] w) => (float[3,6] h, "
     "float[3,4,6] y) {"
     "  h, y = Scan <num_scan_inputs = 1, body = step (hi, xi) => (ho, yo) {"
     "    a = MatMul(xi, w)  ho = Add(a, hi)  yo = Identity(ho) }> (n, h0, x) }",
     "n[a] h0[a,b] x[a,!4,c] w[c,b] -> h[a,b] y[a,!4,b]", 8},
    // stacked results get an axis of unknown extent
    {"g (int64 n = {3}, bool more = {1}, float[3,6] h0, float[6,6] w)"
     "  => (float[3,6] h, float[n,3,6] y) {"
     "  h, y = Loop <body = step (int64 i, bool gi, hi) => (bool go, ho, yo) {"
     "    go = Identity(gi)  a = MatMul(hi, w)  ho = Tanh(a)  yo = Identity(ho) }> (n, more, h0) }",
     "n[] more[] h0[a,b] w[b,b] -> h[a,b] y[?,a,b]"},
    // a value that changes its shape stays
    {"g (int64 n = {2}, bool more = {1}, float[3,6] h0) => (float[3,k] h) {"
     "  h = Loop <body = step (int64 i, bool gi, hi) => (bool go, ho) {"
     "    go = Identity(gi)  ho = Concat <axis = 1> (hi, hi) }> (n, more, h0) }",
     "n[] more[] h0[!3,!6] -> h[!3,?] gave up: Loop: a carried value changes its shape"},
};

}  // namespace

std::span<const OpCase> control_flow_cases() { return kCases; }

}  // namespace permcrypt::testing
