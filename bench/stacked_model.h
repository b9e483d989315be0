// A transformer encoder of any number of layers, as exporters write it: some 60 nodes a layer. The
// weights are small, since inference looks at graphs and not at bytes.
#pragma once

#include <filesystem>

namespace permcrypt::bench {

void write_stacked_model(const std::filesystem::path& path, int layers);

}  // namespace permcrypt::bench
