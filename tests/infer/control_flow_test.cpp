// Scan and Loop: what holds in a body holds for every iteration, and across them.
#include <doctest/doctest.h>

#include <string>

#include "infer/analysed.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

std::string structure(const std::string& graph) {
  return Analysed(parse_one_node(graph, 17)).structure();
}

}  // namespace

TEST_CASE("Scan: a carried value's axes are the recurrent weight's rows and columns") {
  CHECK(structure("g (float[2,6] h0, float[4,2,5] x, float[5,6] w, float[6,6] r)"
                  "  => (float[2,6] h, float[4,2,6] y) {"
                  "  h, y = Scan <num_scan_inputs = 1, body = step (hi, xi) => (ho, yo) {"
                  "    a = MatMul(xi, w)  b = MatMul(hi, r)  ho = Add(a, b)  yo = Identity(ho) }>"
                  "    (h0, x)"
                  "}") == "h0[a,b] x[!4,a,c] -> h[a,b] y[!4,a,b]");
}

TEST_CASE("Scan: the axes of stacked weights are those of every layer") {
  CHECK(structure("g (float[2,6] x, float[3,6,8] u, float[3,8,6] d) => (float[2,6] y) {"
                  "  y = Scan <num_scan_inputs = 2, body = layer (xi, ui, di) => (xo) {"
                  "    a = MatMul(xi, ui)  b = MatMul(a, di)  xo = Add(xi, b) }> (x, u, d)"
                  "}") == "x[a,b] u[!3,b,c] d[!3,c,b] -> y[a,b]");
}

TEST_CASE("Scan: axes to scan and to stack along are counted from either end") {
  CHECK(structure("g (float[6] h0, float[6,4] x) => (float[6] h, float[6,4] y) {"
                  "  h, y = Scan <num_scan_inputs = 1, scan_input_axes = [-1],"
                  "    scan_output_axes = [-1], body = step (hi, xi) => (ho, yo) {"
                  "    ho = Add(hi, xi)  yo = Identity(ho) }> (h0, x)"
                  "}") == "h0[a] x[a,!4] -> h[a] y[a,!4]");
}

TEST_CASE("Loop: carried values tie, stacked ones get an axis of unknown extent") {
  CHECK(structure("g (int64 n, bool go, float[2,6] h0) => (float[2,6] h, float[n,2,6] y) {"
                  "  h, y = Loop <body = step (int64 i, bool gi, hi) => (bool go1, ho, yo) {"
                  "    go1 = Identity(gi)  ho = Tanh(hi)  yo = Identity(ho) }> (n, go, h0)"
                  "}") == "n[] go[] h0[a,b] -> h[a,b] y[?,a,b]");
}

TEST_CASE("Loop: a value that changes its shape stays") {
  CHECK(structure("g (int64 n, bool go, float[2,6] h0) => (float[2,k] h) {"
                  "  h = Loop <body = step (int64 i, bool gi, hi) => (bool go1, ho) {"
                  "    go1 = Identity(gi)  ho = Concat <axis = 1> (hi, hi) }> (n, go, h0)"
                  "}") == "n[] go[] h0[!2,!6] -> h[!2,?]");
}
