# Finds ONNX Runtime's C and C++ API.
#
# Looks in ONNXRuntime_ROOT (variable or environment), in .deps/onnxruntime where cmake/prepare.sh
# unpacks a copy, and in the system's folders. Fits the official release archive (include/, lib/)
# and distribution packages (include/onnxruntime/).
#
#   ONNXRuntime_FOUND, ONNXRuntime_VERSION
#   onnxruntime::onnxruntime   shared library; programs that link it get its folder as rpath

set(_onnxruntime_local ${CMAKE_CURRENT_LIST_DIR}/../.deps/onnxruntime)

find_path(ONNXRuntime_INCLUDE_DIR onnxruntime_cxx_api.h
  HINTS ${_onnxruntime_local}
  PATH_SUFFIXES include include/onnxruntime include/onnxruntime/core/session
                onnxruntime onnxruntime/core/session)
find_library(ONNXRuntime_LIBRARY NAMES onnxruntime
  HINTS ${_onnxruntime_local}
  PATH_SUFFIXES lib lib64)

# The headers know only the API version N of release 1.N, which is what must match.
if(ONNXRuntime_INCLUDE_DIR AND EXISTS ${ONNXRuntime_INCLUDE_DIR}/onnxruntime_c_api.h)
  file(STRINGS ${ONNXRuntime_INCLUDE_DIR}/onnxruntime_c_api.h _onnxruntime_define
    REGEX "^#define ORT_API_VERSION [0-9]+")
  if(_onnxruntime_define MATCHES "([0-9]+)$")
    set(ONNXRuntime_VERSION 1.${CMAKE_MATCH_1})
  endif()
  unset(_onnxruntime_define)
endif()
unset(_onnxruntime_local)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ONNXRuntime
  REQUIRED_VARS ONNXRuntime_LIBRARY ONNXRuntime_INCLUDE_DIR
  VERSION_VAR ONNXRuntime_VERSION)

if(ONNXRuntime_FOUND AND NOT TARGET onnxruntime::onnxruntime)
  add_library(onnxruntime::onnxruntime SHARED IMPORTED)
  set_target_properties(onnxruntime::onnxruntime PROPERTIES
    IMPORTED_LOCATION ${ONNXRuntime_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${ONNXRuntime_INCLUDE_DIR})
endif()
mark_as_advanced(ONNXRuntime_INCLUDE_DIR ONNXRuntime_LIBRARY)
