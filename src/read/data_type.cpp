#include "read/data_type.h"

#include "permcrypt/model.h"

namespace permcrypt {

using onnx::TensorProto;

int element_bits(std::int32_t data_type) {
  switch (data_type) {
    case kUint4:
    case kInt4:
    case kFloat4E2M1:
      return 4;
    case TensorProto::UINT8:
    case TensorProto::INT8:
    case TensorProto::BOOL:
    case kFloat8E8M0:
      return 8;
    case TensorProto::UINT16:
    case TensorProto::INT16:
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return 16;
    case TensorProto::FLOAT:
    case TensorProto::INT32:
    case TensorProto::UINT32:
      return 32;
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
    case TensorProto::UINT64:
    case TensorProto::COMPLEX64:
      return 64;
    case TensorProto::COMPLEX128:
      return 128;
    default:
      return data_type >= kFloat8E4M3FN && data_type <= kFloat8E5M2FNUZ ? 8 : 0;
  }
}

bool is_signed_integer(std::int32_t data_type) {
  switch (data_type) {
    case TensorProto::INT8:
    case TensorProto::INT16:
    case TensorProto::INT32:
    case TensorProto::INT64:
    case kInt4:
      return true;
    default:
      return false;
  }
}

bool is_integer(std::int32_t data_type) {
  switch (data_type) {
    case TensorProto::UINT8:
    case TensorProto::UINT16:
    case TensorProto::UINT32:
    case TensorProto::UINT64:
    case TensorProto::BOOL:
    case kUint4:
      return true;
    default:
      return is_signed_integer(data_type);
  }
}

}  // namespace permcrypt
