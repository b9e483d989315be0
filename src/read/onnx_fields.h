// Field numbers of onnx.proto, as far as the walk over the bytes needs them. They are frozen by the
// format, so files newer than the installed ONNX library are walked just as well.
#pragma once

#include <cstdint>

namespace permcrypt::onnx_field {

using Number = std::uint32_t;

namespace model {
inline constexpr Number kGraph = 7, kOpsetImport = 8, kMetadata = 14, kTraining = 20,
                        kFunction = 25;
}
namespace opset {
inline constexpr Number kDomain = 1, kVersion = 2;
}
// StringStringEntryProto: metadata and external data.
namespace entry {
inline constexpr Number kKey = 1, kValue = 2;
}
namespace graph {
inline constexpr Number kNode = 1, kInitializer = 5, kDocString = 10, kInput = 11, kOutput = 12,
                        kValueInfo = 13, kSparseInitializer = 15, kMetadata = 16;
}
namespace value_info {
inline constexpr Number kName = 1, kMetadata = 4;
}
namespace node {
inline constexpr Number kInput = 1, kOutput = 2, kOpType = 4, kAttribute = 5, kDocString = 6,
                        kDomain = 7, kMetadata = 9;
}
namespace attribute {
inline constexpr Number kName = 1, kTensor = 5, kGraph = 6, kTensors = 10, kGraphs = 11,
                        kSparseTensor = 22, kSparseTensors = 23;
}
namespace sparse {
inline constexpr Number kValues = 1, kIndices = 2, kDims = 3;
}
namespace tensor {
inline constexpr Number kDims = 1, kDataType = 2, kSegment = 3, kFloatData = 4, kInt32Data = 5,
                        kStringData = 6, kInt64Data = 7, kName = 8, kRawData = 9, kDoubleData = 10,
                        kUint64Data = 11, kExternalData = 13, kDataLocation = 14, kMetadata = 16;
}
namespace function {
inline constexpr Number kName = 1, kInput = 4, kOutput = 5, kNode = 7, kDocString = 8, kDomain = 10,
                        kAttribute = 11, kValueInfo = 12, kOverload = 13, kMetadata = 14;
}
namespace training {
inline constexpr Number kInitialization = 1, kAlgorithm = 2;
}

}  // namespace permcrypt::onnx_field
