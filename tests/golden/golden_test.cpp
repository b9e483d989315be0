// Groups, locks and coverage of small whole models, as reviewed. After an intended change, write
// the files anew with PERMCRYPT_WRITE_GOLDEN=1, and review the difference as one does code.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/temp_folder.h"
#include "golden/outline.h"
#include "golden/sample_model.h"

using namespace permcrypt;
using namespace permcrypt::testing;

namespace {

namespace fs = std::filesystem;

std::string golden_text(const SampleModel& sample) {
  const auto model = load(sample);
  std::string out = std::string(sample.path) + "\n\n" + outline(model, {}).text();
  for (const Internal internal : {Internal::kBlock, Internal::kAll}) {
    LockOptions options;
    options.internal = internal;
    Outline more = outline(model, options);
    more.tensors.clear();
    out += internal == Internal::kBlock ? "\n--internal block: " : "\n--internal all: ";
    out += more.text();
  }
  return out;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// The lines that only one of the two has, marked "-" and "+", in order.
std::string difference(const std::string& expected, const std::string& actual) {
  const auto x = lines(expected), y = lines(actual);
  // common[i][j]: how many lines x from i on and y from j on have in common, in order.
  std::vector<std::vector<int>> common(x.size() + 1, std::vector<int>(y.size() + 1, 0));
  for (std::size_t i = x.size(); i-- > 0;) {
    for (std::size_t j = y.size(); j-- > 0;) {
      common[i][j] =
          x[i] == y[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::string out;
  for (std::size_t i = 0, j = 0; i < x.size() || j < y.size();) {
    if (i < x.size() && j < y.size() && x[i] == y[j]) {
      ++i, ++j;
    } else if (j == y.size() || (i < x.size() && common[i + 1][j] >= common[i][j + 1])) {
      out += "- " + x[i++] + "\n";
    } else {
      out += "+ " + y[j++] + "\n";
    }
  }
  return out;
}

}  // namespace

TEST_CASE("golden: groups, locks and coverage of whole models") {
  const fs::path folder = fs::path(PERMCRYPT_SOURCE_DIR) / "testdata" / "golden";
  for (const SampleModel& sample : sample_models()) {
    const fs::path path = folder / (std::string(sample.name) + ".txt");
    const std::string actual = golden_text(sample);
    if (std::getenv("PERMCRYPT_WRITE_GOLDEN")) std::ofstream(path) << actual;
    const std::string changes = difference(test::read_all(path), actual);
    CHECK_MESSAGE(changes.empty(), path.filename().string() << " differs:\n" << changes);
  }
}
